//! `record`: the SQL tests on live warehouses, and a stamp in each snapshot whose answer a warehouse has given too.
//! Running them is `test`'s part; answers that differ are left for a review, as there.

use dwsim_runtime::Dialect;
use dwsim_runtime::chrono::Utc;
use dwsim_runtime::snapshot::PendingStore;

use super::test::{TestArgs, execute};
use crate::cli::DialectArg;
use crate::context::{Context, flag};
use crate::error::{Error, Result};
use crate::report::Outcome;
use crate::supervisor::is_warehouse;
use crate::ui::count;

/// Arguments of `record`.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// Only tests whose name (`folder/name::dialect`) contains FILTER
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Only this dialect (default: those of the target)
    #[arg(short, long, value_enum, value_name = "DIALECT")]
    dialect: Vec<DialectArg>,
    /// The live warehouses: a key of `[target]`
    #[arg(long, value_name = "TARGET")]
    target: String,
}

/// Does it.
pub async fn run(ctx: &Context, args: &RecordArgs) -> Result<i32> {
    let project = ctx.project()?;
    let over = flag("--target", "test.target", Some(&args.target));
    let config = ctx.config(&project, over.into_iter().collect())?;
    if !config.target(&config.test.target).is_some_and(is_warehouse) {
        return Err(Error::Usage {
            message: format!("the target `{}` is no live warehouse", args.target),
            help: Some("only the warehouse itself can confirm what it answers".into()),
        });
    }
    let test = TestArgs::on_target(
        args.filters.clone(),
        args.dialect.clone(),
        args.target.clone(),
    );
    let (summary, snapshots) = execute(ctx, &test).await?;
    let store = PendingStore::new(&project);
    let day = Utc::now().format("%Y-%m-%d").to_string();
    let mut stamped = 0;
    for report in &summary.tests {
        let passed = matches!(report.outcome, Outcome::Passed);
        if let (true, Some(snapshot), Some(dialect)) = (
            passed,
            snapshots.get(&report.name),
            Dialect::from_name(report.dialect),
        ) {
            store.confirm(snapshot, dialect, &day)?;
            stamped += 1;
        }
    }
    ctx.ui
        .status("Confirmed", format_args!("{}", count(stamped, "answer")));
    Ok(summary.exit_code())
}
