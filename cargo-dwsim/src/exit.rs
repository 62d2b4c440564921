//! The exit codes of `cargo dwsim`, documented constants that scripts may rely on.
//! What leads to each of them is decided by [`crate::error`] and by the commands.

/// Everything went well.
pub const OK: i32 = 0;
/// A fault of dwsim itself; please report it.
pub const INTERNAL: i32 = 1;
/// The command line was not understood (clap's own code).
pub const USAGE: i32 = 2;
/// No test matched the filters.
pub const NO_TESTS: i32 = 4;
/// Tests ran, and what failed is that results differ from their snapshots.
pub const SNAPSHOTS_DIFFER: i32 = 20;
/// The dialects differ from one another where no snapshot gives a reason for it.
pub const DIVERGENCE: i32 = 21;
/// Snapshot files that no test refers to.
pub const UNREFERENCED_SNAPSHOTS: i32 = 22;
/// `check` has findings.
pub const LINT: i32 = 24;
/// The configuration is invalid: `dwsim.toml`, a profile, the environment or a flag.
pub const CONFIG: i32 = 30;
/// The schema cannot be generated from, or the generator failed.
pub const SCHEMA: i32 = 31;
/// An emulator did not start, did not load, or died.
pub const EMULATOR: i32 = 32;
/// A container engine or a live target is missing.
pub const TARGET: i32 = 33;
/// The SQL given to `sql` failed.
pub const SQL: i32 = 34;
/// `doctor` found a failure.
pub const DOCTOR: i32 = 35;
/// Tests failed for another reason than a snapshot: cargo's and nextest's own code for it.
pub const TESTS_FAILED: i32 = 100;
/// Interrupted by Ctrl-C (128 + SIGINT).
pub const INTERRUPTED: i32 = 130;

/// Every code with its meaning, for `explain` and for the help text.
pub const TABLE: &[(i32, &str)] = &[
    (OK, "everything was done, and every test passed"),
    (INTERNAL, "internal error"),
    (USAGE, "usage"),
    (NO_TESTS, "no tests matched"),
    (SNAPSHOTS_DIFFER, "only snapshots differ"),
    (DIVERGENCE, "the dialects diverge without a reason"),
    (UNREFERENCED_SNAPSHOTS, "unreferenced snapshots"),
    (LINT, "lint findings"),
    (CONFIG, "configuration invalid"),
    (SCHEMA, "schema or generator error"),
    (EMULATOR, "an emulator failed"),
    (TARGET, "container engine or live target missing"),
    (SQL, "SQL error in `sql`"),
    (DOCTOR, "doctor found a failure"),
    (
        TESTS_FAILED,
        "tests failed (cargo and nextest pass their own codes through)",
    ),
    (INTERRUPTED, "interrupted"),
];
