//! `init --with`: the files are written, whole, with their placeholders filled.

use crate::harness::Sandbox;

#[test]
fn what_stands_around_a_project() {
    let sandbox = Sandbox::empty();
    sandbox
        .run(&["init", "--with", "compose,dbt,github", "--with", "gitlab"])
        .expect(0);
    for file in [
        "Dockerfile",
        "docker-compose.yml",
        "observability/prometheus.yml",
        "observability/rules.yml",
        "observability/tempo.yml",
        "observability/loki.yml",
        "observability/alloy.alloy",
        "observability/grafana/dashboards/dwsim.json",
        "observability/grafana/provisioning/datasources/dwsim.yml",
        "observability/grafana/provisioning/dashboards/dwsim.yml",
        ".github/workflows/dwsim.yml",
        ".gitlab-ci.yml",
        "dbt/dbt_project.yml",
        "dbt/profiles.yml",
        "dbt/models/marts/customer_revenue.sql",
    ] {
        let text = sandbox.read(file);
        for left in ["{{name}}", "{{experiment}}", "{{version}}"] {
            assert!(!text.contains(left), "{file} still has {left}");
        }
    }
    assert!(
        sandbox
            .read("Dockerfile")
            .contains(concat!("DWSIM_VERSION=", env!("CARGO_PKG_VERSION")))
    );
    let dashboard: serde_json::Value =
        serde_json::from_str(&sandbox.read("observability/grafana/dashboards/dwsim.json"))
            .expect("JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|p| p.len() > 8));
    // what is there is kept
    sandbox.write("Dockerfile", "FROM scratch\n");
    sandbox
        .run(&["init", "--with", "compose"])
        .expect(0)
        .says("Dockerfile");
    assert_eq!(sandbox.read("Dockerfile"), "FROM scratch\n");
    sandbox
        .run(&["init", "--with", "kubernetes"])
        .expect(2)
        .says("compose");
}
