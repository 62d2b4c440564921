//! The clients' own installations: virtual environments and a node_modules, made once under a lock.
//! What the clients are asked to do is left to their scripts.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// A set of packages that one client needs.
pub struct Environment {
    name: &'static str,
    /// In the words of pip or npm.
    packages: &'static [&'static str],
}

/// Clients of Redshift, and of S3.
pub const REDSHIFT: Environment = Environment {
    name: "redshift",
    packages: &[
        "psycopg[binary]>=3.2,<4",
        "redshift_connector>=2.1,<3",
        "psycopg2-binary>=2.9,<3",
        "sqlalchemy-redshift>=0.8,<0.9",
        "pandas>=2.2,<3",
        "boto3>=1.40,<2",
    ],
};

/// dbt; versions from which it needs a download from elsewhere are left out.
pub const DBT: Environment = Environment {
    name: "redshift-dbt",
    packages: &[
        "dbt-core>=1.9,<1.10",
        "dbt-redshift>=1.9,<2",
        "dbt-snowflake>=1.9,<2",
        "boto3>=1.40,<2",
    ],
};

/// The connector in Python and C++, and what is built on it; the dialect knows no later SQLAlchemy yet.
pub const SNOWFLAKE_4: Environment = Environment {
    name: "snowflake-4",
    packages: &[
        "snowflake-connector-python[pandas]>=4,<5",
        "snowflake-sqlalchemy>=1.7,<2",
        "sqlalchemy>=2,<2.1",
        "snowflake-snowpark-python>=1.40,<2",
        "boto3>=1.40,<2",
    ],
};

/// The command line, which wants a connector of its own.
pub const SNOW: Environment = Environment {
    name: "snow",
    packages: &["snowflake-cli>=3,<4", "boto3>=1.40,<2"],
};

/// The connector over a core in Rust.
pub const SNOWFLAKE_5: Environment = Environment {
    name: "snowflake-5",
    packages: &["snowflake-connector-python[pandas]>=5,<6", "boto3>=1.40,<2"],
};

/// The driver for Node.
pub const NODE: Environment = Environment {
    name: "node",
    packages: &["snowflake-sdk@^3"],
};

/// What drives a browser; the browser itself is the system's.
pub const BROWSER: Environment = Environment {
    name: "browser",
    packages: &["playwright-core@^1.55"],
};

/// Chromium of this machine, from Debian's packages where there is none.
pub fn chromium() -> PathBuf {
    let find = || {
        let path = std::env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome"];
        std::env::split_paths(&path)
            .flat_map(|dir| names.map(|name| dir.join(name)))
            .find(|file| file.is_file())
    };
    find().unwrap_or_else(|| {
        run(Command::new("apt-get")
            .args(["install", "-y", "--no-install-recommends", "chromium"])
            .env("DEBIAN_FRONTEND", "noninteractive"));
        find().expect("the package chromium has a program of its name")
    })
}

/// The Python of an environment.
pub fn python(environment: &Environment) -> Command {
    let dir = ready(environment, |dir| {
        run(Command::new("python3").args(["-m", "venv"]).arg(dir));
        run(Command::new(venv_python(dir))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(environment.packages));
    });
    Command::new(venv_python(&dir))
}

/// A Node that finds the packages of an environment.
pub fn node(environment: &Environment) -> Command {
    let dir = ready(environment, |dir| {
        fs::create_dir_all(dir).expect("the clients' directory can be written");
        run(Command::new("npm")
            .args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
            .arg(dir)
            .args(environment.packages));
    });
    let mut command = Command::new("node");
    command.env("NODE_PATH", dir.join("node_modules"));
    command
}

fn venv_python(dir: &Path) -> PathBuf {
    if cfg!(windows) {
        dir.join("Scripts/python.exe")
    } else {
        dir.join("bin/python")
    }
}

/// The directory of an environment, installed if it is not there, or not whole, or out of date.
fn ready(environment: &Environment, install: impl FnOnce(&Path)) -> PathBuf {
    let home = home();
    fs::create_dir_all(&home).expect("the clients' directory can be written");
    // other tests, of this run or another, may want the same
    let lock = File::create(home.join(format!("{}.lock", environment.name)))
        .expect("the lock can be created");
    lock.lock().expect("the lock can be taken");
    let dir = home.join(environment.name);
    let marker = dir.join("installed.txt");
    let wanted = environment.packages.join("\n");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return dir;
    }
    if dir.exists() {
        fs::remove_dir_all(&dir).expect("an unfinished installation can be removed");
    }
    install(&dir);
    fs::write(&marker, wanted).expect("the clients' directory can be written");
    dir
}

fn home() -> PathBuf {
    std::env::var_os("DWSIM_TEST_HOME").map_or_else(
        || {
            std::env::home_dir()
                .expect("there is a home directory, or DWSIM_TEST_HOME")
                .join(".cache/dwsim/clients")
        },
        PathBuf::from,
    )
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} is needed for this test: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}
