//! What the macros refuse, with the exact message and token, and (in `accepted`) what they take.
//! What is refused is checked against `ui/dwsim.toml`, what is accepted against this repository's own shop.

mod accepted;

use std::path::Path;
use std::process::Command;

/// Set in the inner run of [`macros`].
const INNER: &str = "DWSIM_MACROS_UI";

/// Compiles every file of `tests/macros/ui`. The macros look for dwsim.toml in the environment of the compiler, so the test
/// runs itself once more with `DWSIM_CONFIG` set: a process cannot safely change its own environment.
#[test]
fn macros() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/macros/ui");
    // compiled from nothing but what is in the file: minutes on a busy machine, the first time
    if std::env::var_os(INNER).is_none() {
        let program = std::env::current_exe().expect("this test's own path");
        let status = Command::new(program)
            .args(["--exact", "macros", "--nocapture"])
            .env(INNER, "1")
            .env("DWSIM_CONFIG", folder.join("dwsim.toml"))
            .status()
            .expect("this test once more");
        assert!(status.success());
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/macros/ui/refused_*.rs");
}
