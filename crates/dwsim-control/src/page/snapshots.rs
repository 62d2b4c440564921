//! Pending snapshots of the project that dwsim runs in: what they change, accepting and rejecting them.
//! What a proposal is, and what accepting writes, is the runtime's part.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use dwsim_runtime::Project;
use dwsim_runtime::snapshot::{AcceptError, PendingError, PendingStore, Proposal, short_hash};
use serde_json::{Value, json};

use super::form::Fields;
use super::render::page;
use crate::api::{App, Problem, blocking};
use crate::experiment::Error;

/// Lines of a proposal that are shown.
const LINES: usize = 400;

/// What is shown of a proposal now; accepting something else than was seen is refused.
fn seen(proposal: &Proposal) -> String {
    let current = proposal.current.as_ref().map(ToString::to_string);
    short_hash(&[&proposal.proposed.to_string(), &current.unwrap_or_default()])
}

fn toned(line: &str) -> Value {
    let tone = match line.chars().next() {
        Some('-') => "old",
        Some('+') => "new",
        _ => "",
    };
    json!({ "tone": tone, "text": line })
}

fn shown(proposal: &Proposal) -> Value {
    let mut lines = Vec::new();
    let head = |text: String| json!({ "tone": "head", "text": text });
    if let Some(divergence) = proposal.divergence().filter(|_| proposal.needs_reason()) {
        lines.push(head("- Redshift, + Snowflake".to_owned()));
        lines.extend(divergence.to_string().lines().map(toned));
    } else if proposal.current.is_none() {
        lines.extend(
            proposal
                .proposed
                .to_string()
                .lines()
                .map(|l| json!({ "tone": "new", "text": l })),
        );
    } else {
        for (dialect, diff) in proposal.changes() {
            lines.push(head(dialect.to_string()));
            lines.extend(diff.to_string().lines().map(toned));
        }
        if lines.is_empty() {
            lines.push(head(
                "the values are the same; the header changes".to_owned(),
            ));
        }
    }
    let cut = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    json!({
        "snapshot": proposal.snapshot, "new": proposal.current.is_none(), "needs_reason": proposal.needs_reason(),
        "dialects": proposal.dialects.iter().map(|d| d.name()).collect::<Vec<_>>(),
        "lines": lines, "cut": cut, "seen": seen(proposal),
    })
}

fn failed(e: PendingError) -> Error {
    Error::Broken(e.to_string())
}

async fn listed(
    project: Option<Project>,
    status: StatusCode,
    done: Option<String>,
    message: Option<String>,
) -> Result<Response, Problem> {
    let (root, proposals) = match project {
        None => (None, Vec::new()),
        Some(project) => {
            let root = project.root.display().to_string();
            let all = blocking(move || PendingStore::new(&project).list().map_err(failed)).await?;
            (Some(root), all)
        }
    };
    let proposals: Vec<Value> = proposals.iter().map(shown).collect();
    page(
        status,
        "snapshots.html",
        json!({ "here": "snapshots", "project": root, "proposals": proposals, "done": done, "message": message }),
    )
}

pub(super) async fn list(State(app): State<App>) -> Result<Response, Problem> {
    listed(app.settings.project, StatusCode::OK, None, None).await
}

pub(super) async fn decide(State(app): State<App>, fields: Fields) -> Result<Response, Problem> {
    let Some(project) = app.settings.project else {
        return Err(Error::Conflict("dwsim runs outside of a project".to_owned()).into());
    };
    let accept = match fields.get("action") {
        "accept" => true,
        "reject" => false,
        other => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                format!("the form has no action `{other}`"),
            ));
        }
    };
    let at = project.clone();
    let outcome = blocking(move || {
        let store = PendingStore::new(&at);
        // the name is looked for among those that are there, never made a path of
        let found = store.list().map_err(failed)?;
        let name = fields.get("snapshot");
        let proposal = found.iter().find(|p| p.snapshot == name);
        let proposal = proposal.ok_or_else(|| Error::NotFound {
            what: "pending snapshot",
            name: name.to_owned(),
        })?;
        if seen(proposal) != fields.get("seen") {
            return Ok(Err(format!(
                "{name} has changed since it was shown; look at it again"
            )));
        }
        if !accept {
            store.reject(proposal).map_err(failed)?;
            return Ok(Ok(format!("Rejected {name}.")));
        }
        let reason = Some(fields.get("reason")).filter(|r| !r.trim().is_empty());
        match store.accept(proposal, reason) {
            Ok(_) => Ok(Ok(format!("Accepted {name}."))),
            Err(AcceptError::NeedsReason { .. }) => Ok(Err(format!(
                "{name}: the dialects differ; say why to accept it"
            ))),
            Err(AcceptError::Pending(e)) => Err(failed(e)),
        }
    })
    .await?;
    match outcome {
        Ok(done) => listed(Some(project), StatusCode::OK, Some(done), None).await,
        Err(refused) => listed(Some(project), StatusCode::CONFLICT, None, Some(refused)).await,
    }
}
