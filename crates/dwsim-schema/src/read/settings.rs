//! `[project]`, `[test]` and `[target.*]`.
//! Tables are left to `table` and `column`.

use crate::codes;
use crate::config::{
    Clock, LiveConnection, Node, Project, ServerKind, Staging, Target, TargetKind, TestConfig,
};
use crate::read::fields::{Fields, number_of, string_of};
use crate::read::{Ctx, dialects};
use crate::temporal;
use crate::types::Dialect;

/// `[project]`; the defaults of `default-config.toml` are already in the tree, those here only stand in after errors.
pub(crate) fn project(ctx: &Ctx, node: Option<&Node>) -> Project {
    let mut out = Project {
        name: "dwsim".into(),
        seed: 42,
        scale: 1.0,
        dialects: Dialect::ALL.to_vec(),
        clock: Clock::Now,
        timezone: "UTC".into(),
        random: None,
    };
    let Some(node) = node else { return out };
    let f = Fields::of(ctx, node, "[project]");
    if let Some(name) = f.string("name") {
        let ok = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !ok {
            f.error(
                codes::BAD_NAME,
                "name",
                format!("project name `{name}` may hold letters, digits, `_` and `-`"),
                None,
            );
        }
        out.name = name;
    }
    if let Some(seed) = f.integer("seed", 0..=i128::from(u64::MAX)) {
        out.seed = u64::try_from(seed).unwrap_or_default();
    }
    if let Some(scale) = f.positive("scale") {
        out.scale = scale;
    }
    if let (Some(list), Some(n)) = (f.strings("dialects"), f.node("dialects")) {
        out.dialects = dialects(ctx, n, &list);
    }
    if let Some(text) = f.string("clock").filter(|t| t != "now") {
        match temporal::parse_timestamp(&text) {
            Some((micros, _)) => out.clock = Clock::Frozen(micros),
            None => f.error(
                codes::BAD_VALUE,
                "clock",
                format!("`{text}` is neither `now` nor a timestamp"),
                Some("such as \"2025-01-01T00:00:00Z\"".into()),
            ),
        }
    }
    if let Some(zone) = f.string("timezone") {
        if zone.is_empty()
            || !zone
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-+/".contains(c))
        {
            f.error(
                codes::BAD_VALUE,
                "timezone",
                format!("`{zone}` is not the name of a time zone"),
                None,
            );
        }
        out.timezone = zone;
    }
    if let Some(n) = f.node("random") {
        out.random = match (number_of(n).and_then(|v| v.exact_at(0)), string_of(n)) {
            (Some(v), _) if u64::try_from(v).is_ok() => u64::try_from(v).ok(),
            (_, Some(text)) if text == "free" => None,
            _ => {
                f.error(
                    codes::BAD_VALUE,
                    "random",
                    "`random` is \"free\" or a whole number from 0",
                    None,
                );
                None
            }
        };
    }
    f.finish();
    out
}

/// `[test]`.
pub(crate) fn test(ctx: &Ctx, node: Option<&Node>) -> TestConfig {
    let mut out = TestConfig {
        dir: "tests/sql".into(),
        target: "embedded".into(),
        statement_timeout: 60,
        shuffle: true,
        float_tolerance: 1e-11,
        max_rows: 10_000,
    };
    let Some(node) = node else { return out };
    let f = Fields::of(ctx, node, "[test]");
    if let Some(dir) = f.string("dir") {
        let trimmed = dir.trim_end_matches('/');
        if trimmed.is_empty()
            || trimmed.contains('\\')
            || trimmed
                .split('/')
                .any(|part| matches!(part, "" | "." | ".."))
        {
            f.error(
                codes::BAD_VALUE,
                "dir",
                format!("`{dir}` is not a folder below that of dwsim.toml"),
                Some("such as \"tests/sql\"".into()),
            );
        }
        out.dir = trimmed.to_owned();
    }
    out.target = f.string("target").unwrap_or(out.target);
    if let Some(v) = f.integer("statement_timeout", 1..=86_400) {
        out.statement_timeout = u64::try_from(v).unwrap_or(60);
    }
    out.shuffle = f.boolean("shuffle").unwrap_or(out.shuffle);
    if let Some(v) = f.share("float_tolerance") {
        out.float_tolerance = v;
    }
    if let Some(v) = f.integer("max_rows", 1..=10_000_000) {
        out.max_rows = u64::try_from(v).unwrap_or(10_000);
    }
    f.finish();
    out
}

/// `[target.*]`.
pub(crate) fn targets(ctx: &Ctx, node: Option<&Node>) -> Vec<Target> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.table() else {
        ctx.error(
            codes::WRONG_KIND,
            node.place,
            "targets are tables: [target.NAME]",
            None,
        );
        return Vec::new();
    };
    entries
        .iter()
        .map(|(name, n)| target(ctx, name, n))
        .collect()
}

fn target(ctx: &Ctx, name: &str, node: &Node) -> Target {
    let f = Fields::of(ctx, node, format!("[target.{name}]"));
    let kinds = [
        ("embedded", TargetKind::Embedded),
        ("container", TargetKind::Container),
        ("live", TargetKind::Live),
    ];
    let kind = f.word("kind", &kinds);
    if kind.is_none() && !f.has("kind") {
        ctx.error(
            codes::MISSING_KEY,
            f.place,
            format!("[target.{name}] lacks `kind`"),
            Some("one of embedded, container, live".into()),
        );
    }
    let redshift = f
        .node("redshift")
        .map(|n| connection(ctx, n, &format!("[target.{name}.redshift]")));
    let snowflake = f
        .node("snowflake")
        .map(|n| connection(ctx, n, &format!("[target.{name}.snowflake]")));
    let staging = f.node("staging").map(|n| {
        let s = Fields::of(ctx, n, format!("[target.{name}.staging]"));
        let out = Staging {
            bucket: s.string("bucket"),
            prefix: s.string("prefix"),
            region: s.string("region"),
            iam_role: s.string("iam_role"),
            storage_integration: s.string("storage_integration"),
        };
        s.finish();
        out
    });
    let connections = || redshift.iter().chain(&snowflake);
    let conflict = match kind {
        Some(TargetKind::Embedded) if connections().next().is_some() || staging.is_some() => {
            Some("is embedded, and needs no connections")
        }
        Some(TargetKind::Container)
            if staging.is_some()
                || connections().any(|c| {
                    let image = c.image.clone();
                    *c != LiveConnection {
                        image,
                        ..LiveConnection::default()
                    }
                }) =>
        {
            Some("is a container, of which only the `image` can be chosen")
        }
        Some(TargetKind::Container) if redshift.is_some() && snowflake.is_some() => {
            Some("starts one container: make two targets of `redshift` and `snowflake`")
        }
        Some(TargetKind::Live) if connections().any(|c| c.image.is_some()) => {
            Some("is live, and starts no `image`")
        }
        Some(TargetKind::Live)
            if snowflake
                .as_ref()
                .is_some_and(|c| c.engine == ServerKind::PostgreSql) =>
        {
            Some("has a PostgreSQL server as Snowflake; it can stand in for Redshift only")
        }
        _ => None,
    };
    if let Some(conflict) = conflict {
        let message = format!("[target.{name}] {conflict}");
        ctx.error(codes::CONFLICT, f.place, message, None);
    }
    f.finish();
    Target {
        name: name.to_owned(),
        kind: kind.unwrap_or(TargetKind::Embedded),
        redshift,
        snowflake,
        staging,
    }
}

fn connection(ctx: &Ctx, node: &Node, what: &str) -> LiveConnection {
    let f = Fields::of(ctx, node, what);
    for secret in ["password", "token", "private_key"] {
        if f.has(secret) {
            f.error(
                codes::SECRET,
                secret,
                format!("`{secret}` in {what}: secrets come only from the environment"),
                Some(format!("name the variable instead: {secret}_env = \"…\"")),
            );
        }
    }
    // asked for, so that they are reported once, as secrets
    let _ = (f.node("password"), f.node("token"), f.node("private_key"));
    let engines = [
        ("warehouse", ServerKind::Warehouse),
        ("postgresql", ServerKind::PostgreSql),
    ];
    let out = LiveConnection {
        engine: f.word("engine", &engines).unwrap_or_default(),
        url_env: f.string("url_env"),
        image: f.string("image"),
        host: f.string("host"),
        port: f
            .integer("port", 1..=65_535)
            .and_then(|p| u16::try_from(p).ok()),
        account: f.string("account"),
        database: f.string("database"),
        user: f.string("user"),
        role: f.string("role"),
        warehouse: f.string("warehouse"),
        password_env: f.string("password_env"),
        token_env: f.string("token_env"),
        authenticator: f
            .word(
                "authenticator",
                &[
                    ("programmatic_access_token", "programmatic_access_token"),
                    ("oauth", "oauth"),
                    ("snowflake_jwt", "snowflake_jwt"),
                ],
            )
            .map(str::to_owned),
    };
    f.finish();
    out
}
