//! The programs of `examples/`, run as cargo builds them: they find no emulators, start them, and print what they should.
//! What they show is their own text.

use std::process::Command;

use crate::server::binary;

/// What a program of `examples/` prints.
fn run(name: &str, target: &std::path::Path) -> String {
    let test = std::env::current_exe().expect("this test has a path");
    let profile = test.ancestors().nth(2).expect("TARGET/PROFILE/deps");
    let program = profile.join("examples").join(name);
    assert!(
        program.is_file(),
        "{} is not there: `cargo build -p dwsim --examples`",
        program.display()
    );
    let output = Command::new(program)
        .current_dir(std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this"))
        .env_remove("DWSIM_ENDPOINTS")
        .env("DWSIM_BIN", binary())
        .env("DWSIM_TARGET_DIR", target)
        .output()
        .expect("it can be started");
    assert!(output.status.success(), "{name}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn examples() {
    let target = tempfile::tempdir().expect("a temporary directory can be made");
    let outcome = std::panic::catch_unwind(|| {
        let text = run("both_warehouses", target.path());
        for part in ["redshift (", "snowflake (", "country | customers", "US | "] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let text = run("typed_rows", target.path());
        assert!(text.contains("6 orders, 75\n"), "{text}");
    });
    // the emulators that the first of them has started
    let down = Command::new(binary())
        .args(["dwsim", "down"])
        .env("DWSIM_TARGET_DIR", target.path())
        .current_dir(std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this"))
        .status();
    assert!(down.is_ok_and(|status| status.success()), "they are ended");
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
