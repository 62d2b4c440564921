//! `config show`: every setting with its value and, with `--origin`, the layer it comes from.
//! Merging the layers is `dwsim-schema`'s part.

use dwsim_schema::Layer;
use serde_json::json;

use crate::cli::Format;
use crate::context::Context;
use crate::error::Result;
use crate::{exit, output};

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

/// What to do with the configuration.
#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print every setting, merged from all layers
    Show {
        /// Name the layer and the place that each value comes from
        #[arg(long)]
        origin: bool,
        /// Only settings whose path starts with PREFIX
        #[arg(value_name = "PREFIX")]
        prefix: Option<String>,
        /// Text, or one JSON object a line
        #[arg(long, value_name = "FORMAT", default_value = "human")]
        format: Format,
    },
    /// Print the compiled-in defaults with their comments
    Default,
}

/// Shows.
pub fn run(ctx: &Context, args: &ConfigArgs) -> Result<i32> {
    let (origin, prefix, format) = match &args.command {
        ConfigCommand::Default => {
            output::data(dwsim_schema::DEFAULT_CONFIG.as_bytes())?;
            return Ok(exit::OK);
        }
        ConfigCommand::Show {
            origin,
            prefix,
            format,
        } => (*origin, prefix.as_deref().unwrap_or(""), *format),
    };
    let project = ctx.project()?;
    let config = ctx.config(&project, Vec::new())?;
    for setting in config
        .settings()
        .iter()
        .filter(|s| s.path.starts_with(prefix))
    {
        let layer = match &setting.origin.layer {
            Layer::Default => "default".to_owned(),
            Layer::File => "file".to_owned(),
            Layer::Profile(name) => format!("profile.{name}"),
            Layer::EnvFile => "env-file".to_owned(),
            Layer::Environment => "environment".to_owned(),
            Layer::Flag => "flag".to_owned(),
        };
        let place = &setting.origin.place;
        let carrier = match setting.origin.layer {
            // A variable or a flag is one value; a place inside it says nothing.
            Layer::Environment | Layer::Flag => setting.origin.carrier.clone(),
            _ => format!("{}:{}:{}", setting.origin.carrier, place.line, place.column),
        };
        match format {
            Format::Json => output::json(
                &json!({"path": setting.path, "value": setting.value, "layer": layer, "origin": carrier}),
            )?,
            Format::Human if origin => output::line(format_args!(
                "{} = {}  # {layer}: {carrier}",
                setting.path, setting.value
            ))?,
            Format::Human => output::line(format_args!("{} = {}", setting.path, setting.value))?,
        }
    }
    Ok(exit::OK)
}
