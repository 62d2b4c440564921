//! The interface over emulators that are not there, for tests of what needs none.
//! What is asked of it is the tests' part.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use axum::Router;
use dwsim_runtime::{Endpoint, Endpoints, Project};

use super::{Settings, router};
use crate::experiment::Service;
use crate::store::Store;

/// With a token or without, inside a project or outside.
pub(crate) fn app(token: Option<&str>, project: Option<Project>) -> Router {
    let nowhere = || Endpoint {
        host: "127.0.0.1".into(),
        port: 1,
        url: "http://127.0.0.1:1".into(),
    };
    let endpoints = Endpoints {
        redshift: nowhere(),
        snowflake: nowhere(),
        s3: nowhere(),
        redshift_data: None,
        redshift_authority: None,
        tls: None,
        template: None,
        control: None,
        version: None,
        isolation: dwsim_runtime::Isolation::default(),
        settings: None,
    };
    let service = Service::new(endpoints, Store::open(None).unwrap());
    let settings = Settings {
        token: token.map(str::to_owned),
        sessions: Arc::new(|| 0),
        project,
        hosts: Vec::new(),
    };
    router(service, settings, Router::new())
}

/// Without a token.
pub(crate) fn app_in(project: Option<Project>) -> Router {
    app(None, project)
}
