//! `init`: writes a project's first files from the templates that travel inside the binary. A file that is
//! there already is kept as it is; `.gitignore` alone is added to.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The larger example: a shop of five tables, with tests of joins, windows, JSON and a divergence
    #[arg(long)]
    example: bool,
    /// Also write .pre-commit-config.yaml
    #[arg(long)]
    hooks: bool,
    /// Also write .config/nextest.toml
    #[arg(long)]
    nextest: bool,
    /// Also write what is to stand around the project; may be repeated, or a list with commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    with: Vec<Extra>,
}

/// What may stand around a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Extra {
    /// Dockerfile and docker-compose.yml, with observability
    Compose,
    /// A dbt project for both warehouses
    Dbt,
    /// A workflow of GitHub Actions
    Github,
    /// A job of GitLab CI
    Gitlab,
    /// Prometheus, Grafana, Tempo and Loki
    Observability,
}

/// A file to write: its path in the project and its text.
type Template = (&'static str, &'static str);

macro_rules! templates {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/", $folder, "/", $path)))),*]
    };
}

const PLAIN: &[Template] = templates!["init":
    "dwsim.toml",
    "tests/sql/customers_per_quarter.sql",
    "tests/sql/orders_by_size.sql",
];
/// dwsim's own shop: its dwsim.toml and the SQL tests that are run on every change of dwsim itself.
const EXAMPLE: &[Template] = templates!["example":
    "dwsim.toml",
    "tests/sql/customers/registrations_per_month.sql",
    "tests/sql/customers/top_three_per_country.sql",
    "tests/sql/customers/without_orders.sql",
    "tests/sql/dialects/average_of_integers.sql",
    "tests/sql/dialects/integer_division.sql",
    "tests/sql/events/by_device.redshift.sql",
    "tests/sql/events/by_device.snowflake.sql",
    "tests/sql/events/by_tag.redshift.sql",
    "tests/sql/events/by_tag.snowflake.sql",
    "tests/sql/orders/month_calendar.sql",
    "tests/sql/orders/running_revenue.sql",
    "tests/sql/products/baskets.sql",
    "tests/sql/products/price_changes_merged.sql",
];
const COMPOSE: &[Template] = templates![".": "Dockerfile", "docker-compose.yml"];
const OBSERVABILITY: &[Template] = templates![".":
    "observability/alloy.alloy",
    "observability/grafana/dashboards/dwsim.json",
    "observability/grafana/provisioning/dashboards/dwsim.yml",
    "observability/grafana/provisioning/datasources/dwsim.yml",
    "observability/loki.yml",
    "observability/prometheus.yml",
    "observability/rules.yml",
    "observability/tempo.yml",
];
const DBT: &[Template] = templates![".":
    "dbt/README.md",
    "dbt/dbt_project.yml",
    "dbt/profiles.yml",
    "dbt/models/staging/sources.yml",
    "dbt/models/staging/stg_customers.sql",
    "dbt/models/staging/stg_orders.sql",
    "dbt/models/marts/customer_revenue.sql",
    "dbt/models/marts/marts.yml",
    "dbt/models/marts/revenue_by_month.sql",
];
const GITHUB: &[Template] = &[(
    ".github/workflows/dwsim.yml",
    include_str!("../../templates/github/dwsim.yml"),
)];
const GITLAB: &[Template] = &[(
    ".gitlab-ci.yml",
    include_str!("../../templates/gitlab/gitlab-ci.yml"),
)];
const HARNESS: &str = include_str!("../../templates/init/tests/sql.rs");
const HOOKS: &str = include_str!("../../templates/init/pre-commit-config.yaml");
const NEXTEST: &str = include_str!("../../templates/init/nextest.toml");
/// What a project never commits: build output with pending snapshots in it, and local secrets.
const IGNORED: &[&str] = &["/target/", ".env.local"];

/// The directory's name with only what a project's name may hold; `shop` where nothing is left of it.
fn project_name(dir: &str) -> String {
    let name: String = dir
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => c,
            _ => '_',
        })
        .collect();
    match name.trim_matches('_') {
        "" => "shop".to_owned(),
        name => name.to_owned(),
    }
}

/// The same as a name of an experiment and of a dbt project: a letter, then letters, digits, single underscores.
fn experiment_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' => out.push(c),
            '0'..='9' if !out.is_empty() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('_') => out.push('_'),
            _ => {}
        }
    }
    out.truncate(40);
    match out.trim_end_matches('_') {
        "" => "shop".to_owned(),
        name => name.to_owned(),
    }
}

/// Writes the files.
pub fn run(ctx: &Context, args: &InitArgs) -> Result<i32> {
    let dir = ctx.directory();
    let name = project_name(&dir.file_name().unwrap_or_default().to_string_lossy());

    let cargo = dir.join("Cargo.toml").exists();
    let mut files: Vec<Template> = if args.example { EXAMPLE } else { PLAIN }.to_vec();
    if cargo {
        files.push(("tests/sql.rs", HARNESS));
    }
    if args.hooks {
        files.push((".pre-commit-config.yaml", HOOKS));
    }
    if args.nextest {
        files.push((".config/nextest.toml", NEXTEST));
    }
    let mut with = args.with.clone();
    if with.contains(&Extra::Compose) {
        // the compose file mounts it
        with.push(Extra::Observability);
    }
    for (extra, templates) in [
        (Extra::Compose, COMPOSE),
        (Extra::Observability, OBSERVABILITY),
        (Extra::Dbt, DBT),
        (Extra::Github, GITHUB),
        (Extra::Gitlab, GITLAB),
    ] {
        if with.contains(&extra) {
            files.extend(templates);
        }
    }
    let experiment = experiment_name(&name);
    for (path, text) in files {
        let text = text
            .replace("{{name}}", &name)
            .replace("{{experiment}}", &experiment)
            .replace("{{version}}", env!("CARGO_PKG_VERSION"));
        let written = write_new(&dir.join(path), &text)?;
        if written {
            ctx.ui.status("Created", path);
        } else {
            ctx.ui
                .warn("Kept", format_args!("{path}, which is there already"));
        }
    }
    ignore(ctx, &dir.join(".gitignore"))?;

    ctx.ui.note("\nNext: `cargo dwsim test`");
    if cargo {
        ctx.ui.note(
            "For `cargo test` to run the SQL tests: `cargo add --dev dwsim`, and in Cargo.toml\n\n    [[test]]\n    name = \"sql\"\n    harness = false",
        );
    }
    Ok(exit::OK)
}

/// Creates a file and the directories above it. False if it exists, whatever it holds.
fn write_new(path: &Path, text: &str) -> Result<bool> {
    let failed = || Error::io(format!("creating {}", path.display()));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed())?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file
            .write_all(text.as_bytes())
            .map(|()| true)
            .map_err(failed()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(failed()(e)),
    }
}

/// Appends the lines that `.gitignore` lacks.
fn ignore(ctx: &Context, path: &Path) -> Result<()> {
    let failed = || Error::io(format!("writing {}", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
        Err(e) => return Err(failed()(e)),
    };
    let has = |line: &str| {
        let bare = line.trim_matches('/');
        text.lines().any(|l| l.trim().trim_matches('/') == bare)
    };
    let missing: Vec<_> = IGNORED.iter().filter(|l| !has(l)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut added = String::new();
    if !text.is_empty() && !text.ends_with('\n') {
        added.push('\n');
    }
    for line in &missing {
        added.push_str(line);
        added.push('\n');
    }
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map_err(failed())?;
    file.write_all(added.as_bytes()).map_err(failed())?;
    ctx.ui.status(
        if text.is_empty() {
            "Created"
        } else {
            "Extended"
        },
        ".gitignore",
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{experiment_name, project_name};

    #[test]
    fn names_of_experiments() {
        for (name, want) in [
            ("shop", "shop"),
            ("My-Shop_2", "my_shop_2"),
            ("2fast", "fast"),
            ("__", "shop"),
            ("a--b_", "a_b"),
        ] {
            assert_eq!(experiment_name(name), want, "{name:?}");
        }
    }

    #[test]
    fn a_directory_names_the_project() {
        for (dir, want) in [
            ("shop", "shop"),
            (".tmpX", "tmpX"),
            ("my shop \"2\"", "my_shop__2"),
            ("", "shop"),
            ("é", "shop"),
        ] {
            assert_eq!(project_name(dir), want, "{dir:?}");
        }
    }
}
