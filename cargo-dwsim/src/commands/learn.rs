//! `learn`: proposes `[tables]` of dwsim.toml for samples of data, or for SDV's metadata, on stdout.
//! What is concluded from a sample is `dwsim-generate`'s part.

use std::path::PathBuf;

use dwsim_generate::{LearnError, Learned, Sample};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ui::{count, thousands};
use crate::{exit, output};

/// Arguments of `learn`.
#[derive(Debug, clap::Args)]
pub struct LearnArgs {
    /// Samples (.csv, .tsv, .parquet), one table each, named as their files are
    #[arg(value_name = "FILE", required_unless_present = "sdv")]
    files: Vec<PathBuf>,
    /// SDV metadata (JSON, version V1); samples are optional then
    #[arg(long, value_name = "METADATA.json")]
    sdv: Option<PathBuf>,
    /// Rows of each sample to look at
    #[arg(long, value_name = "N", default_value = "200000",
          value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    limit: u32,
}

/// Prints the proposal.
pub fn run(ctx: &Context, args: &LearnArgs) -> Result<i32> {
    let mut samples = Vec::with_capacity(args.files.len());
    for file in &args.files {
        let sample = Sample::read(&ctx.directory().join(file), args.limit as usize)
            .map_err(|e| failed(e.into()))?;
        ctx.ui.status(
            "Read",
            format_args!(
                "{}: {} rows, {}",
                file.display(),
                thousands(sample.rows.num_rows() as u64),
                count(sample.rows.num_columns(), "column")
            ),
        );
        samples.push(sample);
    }
    let learned = match &args.sdv {
        None => dwsim_generate::learn(&samples),
        Some(path) => {
            let path = ctx.directory().join(path);
            let text = std::fs::read_to_string(&path)
                .map_err(Error::io(format!("reading {}", path.display())))?;
            dwsim_generate::sdv(&text, &samples)
        }
    };
    let Learned { toml, notes } = learned.map_err(failed)?;
    for note in notes {
        ctx.ui.note(format_args!("note: {note}"));
    }
    // a proposal that cannot be generated from is still worth reading
    if let Err(problems) = dwsim_schema::Config::parse("the proposal", &toml)
        .and_then(|c| dwsim_generate::plan(&c.schema, &dwsim_generate::Options::default()))
    {
        for problem in problems.items {
            ctx.ui.warn("Look at", format_args!("{problem}"));
        }
    }
    output::data(toml.as_bytes())?;
    Ok(exit::OK)
}

fn failed(error: LearnError) -> Error {
    match error {
        LearnError::Arrow(_) => Error::Internal(error.to_string()),
        other => Error::Generate {
            message: other.to_string(),
        },
    }
}
