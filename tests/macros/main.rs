//! What the macros refuse, with the exact message and token, and (in `accepted`) what they take.
//! What is refused is checked against the dwsim.toml beside it, what is accepted against this repository's own shop.

mod accepted;

use std::path::Path;
use std::process::Command;

/// Names the folder in the inner run of [`macros`].
const INNER: &str = "DWSIM_MACROS_UI";

/// Compiles every file of `tests/macros/ui` against its dwsim.toml, those of `broken` against a wrong one, those of
/// `missing` against one that is not there. The macros look for dwsim.toml in the environment of the compiler, so the test
/// runs itself once more per folder with `DWSIM_CONFIG` set: a process cannot safely change its own environment.
#[test]
fn macros() {
    if let Some(folder) = std::env::var_os(INNER) {
        let cases = trybuild::TestCases::new();
        cases.compile_fail(format!("tests/macros/{}/refused_*.rs", folder.display()));
        return;
    }
    // compiled from nothing but what is in the file: minutes on a busy machine, the first time
    for folder in ["ui", "broken", "missing"] {
        let program = std::env::current_exe().expect("this test's own path");
        let here = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs this"))
            .join("tests/macros");
        let status = Command::new(program)
            .args(["--exact", "macros", "--nocapture"])
            .env(INNER, folder)
            .env("DWSIM_CONFIG", here.join(folder).join("dwsim.toml"))
            .status()
            .expect("this test once more");
        assert!(status.success(), "{folder}");
    }
}
