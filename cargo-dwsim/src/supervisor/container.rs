//! Servers in containers, PostgreSQL first of all, started with the docker (or podman) that is installed and removed afterwards.
//! The command line is used and no client library: a dozen crates fewer, and every engine that has docker's commands fits.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use dwsim_runtime::{Connection, Dialect, Endpoint};
use tokio::process::Command;

use crate::error::{Error, Result};
use crate::ui::Ui;

/// How long the engine may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(15);

/// How long a fresh server may take until it can be connected to.
const READY: Duration = Duration::from_secs(60);

/// A running container. Dropped, it is removed; [`Container::remove`] waits for that.
#[derive(Debug)]
pub struct Container {
    engine: &'static str,
    id: String,
}

/// What a container is made of.
#[derive(Debug)]
pub struct Image<'a> {
    /// Its name, with a tag.
    pub name: &'a str,
    /// The port inside.
    pub port: u16,
    /// `NAME=value`, or the name of a variable of this process.
    pub environment: &'a [&'a str],
    /// Arguments of what it starts.
    pub arguments: &'a [&'a str],
}

/// Where a container's port is on this machine.
#[derive(Debug, Clone)]
pub struct Published {
    /// Address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Container {
    /// Starts PostgreSQL from an image and waits until it answers.
    pub async fn postgresql(image: &str, ui: &Ui) -> Result<(Self, Endpoint)> {
        let image = Image {
            name: image,
            port: 5432,
            environment: &[
                "POSTGRES_USER=dev",
                "POSTGRES_PASSWORD=dev",
                "POSTGRES_DB=dev",
            ],
            // what is in it is made anew each time
            arguments: &["-c", "fsync=off", "-c", "full_page_writes=off"],
        };
        let (container, Published { host, port }) = Self::start(&image, ui).await?;
        let endpoint = Endpoint {
            url: format!("postgres://dev:dev@{host}:{port}/dev"),
            host,
            port,
        };
        let connection = container.answering(Dialect::Redshift, &endpoint).await?;
        connection.close().await;
        Ok((container, endpoint))
    }

    /// Starts a container and finds its port; what is in it may not answer yet.
    pub async fn start(image: &Image<'_>, ui: &Ui) -> Result<(Self, Published)> {
        let engine = engine().await?;
        ui.status("Starting", format_args!("{} with {engine}", image.name));
        let mut run = Command::new(engine);
        run.args(["run", "--detach", "--rm", "--label", "dwsim", "--publish"]);
        run.arg(format!("127.0.0.1::{}", image.port));
        for variable in image.environment {
            run.args(["--env", variable]);
        }
        run.arg(image.name).args(image.arguments);
        let id = words(engine, run).await?;
        let container = Container { engine, id };
        let mut port = Command::new(engine);
        port.args(["port", &container.id, &format!("{}/tcp", image.port)]);
        let printed = words(engine, port).await?;
        let (host, port) = printed
            .lines()
            .find_map(|line| {
                let (host, port) = line.rsplit_once(':')?;
                Some((host, port.trim().parse::<u16>().ok()?))
            })
            .ok_or_else(|| failed(engine, &format!("`{engine} port` printed {printed:?}")))?;
        let host = if host == "0.0.0.0" { "127.0.0.1" } else { host };
        let host = host.to_owned();
        Ok((container, Published { host, port }))
    }

    /// Waits until the server in the container lets somebody in.
    pub async fn answering(&self, dialect: Dialect, endpoint: &Endpoint) -> Result<Connection> {
        let begin = Instant::now();
        loop {
            let attempt = Connection::connect(dialect, endpoint, None, None);
            let error = match tokio::time::timeout(ANSWER, attempt).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer within {} s", ANSWER.as_secs()),
            };
            if begin.elapsed() > READY {
                return Err(failed(
                    self.engine,
                    &format!("what was started does not answer: {error}"),
                ));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Removes the container and waits until it is gone.
    pub async fn remove(self) {
        let mut remove = Command::new(self.engine);
        remove.args(["rm", "--force", "--volumes", &self.id]);
        // the drop below tries once more
        let _ = words(self.engine, remove).await;
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // not waited for: the engine goes on after this process has ended
        let _ = std::process::Command::new(self.engine)
            .args(["rm", "--force", "--volumes", &self.id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
    }
}

/// The first engine that is installed and whose daemon answers.
async fn engine() -> Result<&'static str> {
    let mut why = String::new();
    for engine in ["docker", "podman"] {
        let mut ask = Command::new(engine);
        ask.args(["version", "--format", "{{.Server.Version}}"]);
        match output(ask).await {
            Some(Ok(output)) if output.status.success() => return Ok(engine),
            Some(Ok(output)) => {
                let text = String::from_utf8_lossy(&output.stderr);
                why += &format!("\n{engine}: {}", text.trim());
            }
            Some(Err(e)) if e.kind() == std::io::ErrorKind::NotFound => {}
            Some(Err(e)) => why += &format!("\n{engine}: {e}"),
            None => why += &format!("\n{engine}: no answer within {} s", ANSWER.as_secs()),
        }
    }
    Err(Error::Target {
        message: format!("the target needs a container engine, and none answers{why}"),
        help: Some(
            "start docker or podman, give a running server as a live target with engine = \"postgresql\", or run \
             `--target embedded`, which needs neither"
                .into(),
        ),
    })
}

/// What a short command gives; nothing when it takes too long.
async fn output(mut command: Command) -> Option<std::io::Result<Output>> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(ANSWER, command.output()).await.ok()
}

/// What a command prints. It may take long: an image may have to be fetched.
async fn words(engine: &str, mut command: Command) -> Result<String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = command
        .output()
        .await
        .map_err(Error::io(format!("running {engine}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(failed(
        engine,
        String::from_utf8_lossy(&output.stderr).trim(),
    ))
}

fn failed(engine: &str, what: &str) -> Error {
    Error::Target {
        message: format!("{engine}: {what}"),
        help: Some("`--target embedded` runs the tests on this machine".into()),
    }
}
