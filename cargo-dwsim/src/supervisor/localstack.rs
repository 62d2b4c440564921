//! LocalStack's Snowflake as a target: its container, a database for the tests, and the S3 inside of it as their bucket.
//! Starting containers is `container`'s part, schemas and COPY are the runtime's.

use dwsim_control::staging::Place;
use dwsim_runtime::template::Access;
use dwsim_runtime::{Dialect, Endpoint};
use dwsim_schema::{Config, LiveConnection, Target};

use super::container::{Container, Image};
use super::live::{Live, endpoints};
use super::staging::Bucket;
use crate::error::{Error, Result};
use crate::ui::Ui;

/// The image when dwsim.toml names none.
const IMAGE: &str = "localstack/snowflake:latest";

/// The variable with the licence, which LocalStack itself reads.
const LICENCE: &str = "LOCALSTACK_AUTH_TOKEN";

/// The name that LocalStack tells requests to Snowflake by; they go to the container's port whatever it resolves to.
const NAME: &str = "snowflake.localhost.localstack.cloud";

/// Where tests make their schemas.
const DATABASE: &str = "DWSIM";

/// Starts the container and makes it ready for a template.
pub async fn start(
    config: &Config,
    target: &Target,
    connection: &LiveConnection,
    ui: &Ui,
) -> Result<(Live, Container)> {
    if std::env::var_os(LICENCE).is_none_or(|token| token.is_empty()) {
        return Err(Error::Target {
            message: format!(
                "[target.{}.snowflake] is LocalStack, which needs a licence: the variable {LICENCE} is not set",
                target.name
            ),
            help: Some(
                "LocalStack's web page hands out the token; `--target embedded` has a Snowflake that needs none".into(),
            ),
        });
    }
    let image = Image {
        name: connection.image.as_deref().unwrap_or(IMAGE),
        port: 4566,
        // the engine takes the value from this process: it is in no command line
        environment: &[LICENCE],
        arguments: &[],
    };
    let (container, place) = Container::start(&image, ui).await?;
    let endpoint = |database: &str| Endpoint {
        host: place.host.clone(),
        port: place.port,
        url: format!(
            "http://test:test@{NAME}:{}/?account=test{database}",
            place.port
        ),
    };
    let mut admin = container
        .answering(Dialect::Snowflake, &endpoint(""))
        .await?;
    let failed = |e: dwsim_runtime::Error| Error::Load {
        message: e.to_string(),
    };
    let create = format!("create database if not exists {DATABASE}");
    admin.execute(&create).await.map_err(failed)?;
    admin.close().await;
    let live = Live {
        endpoints: endpoints(
            config,
            Endpoint::none(),
            endpoint(&format!("&database={DATABASE}")),
        ),
        bucket: Bucket {
            place: Place::emulated(&format!("http://{}:{}", place.host, place.port)),
            prefix: String::new(),
            access: Access {
                redshift: String::new(),
                snowflake: "credentials = (aws_key_id = 'test' aws_secret_key = 'test')".into(),
            },
        },
    };
    Ok((live, container))
}
