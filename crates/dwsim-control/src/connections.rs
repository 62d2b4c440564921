//! How each client connects to the emulators, ready to be copied.
//! Where they listen is said by [`Endpoints`].

use dwsim_runtime::Endpoints;
use serde::Serialize;

/// A client and what it is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionText {
    /// The client.
    pub client: &'static str,
    /// A command, an expression, lines of a profile.
    pub text: String,
}

/// For every known client; without a database it is Redshift's `dev`.
#[must_use]
pub fn connections(endpoints: &Endpoints, database: Option<&str>) -> Vec<ConnectionText> {
    let (redshift, snowflake, s3) = (&endpoints.redshift, &endpoints.snowflake, &endpoints.s3);
    let database = database.unwrap_or("dev");
    let pg = format!(
        "postgres://dev:dev@{}:{}/{database}",
        redshift.host, redshift.port
    );
    let mut rows = vec![
        ("psql", format!("psql {pg}")),
        ("psycopg", format!("psycopg.connect(\"{pg}\")")),
        (
            "redshift_connector",
            format!(
                "redshift_connector.connect(host=\"{}\", port={}, user=\"dev\", password=\"dev\", database=\"{database}\", ssl=False)",
                redshift.host, redshift.port
            ),
        ),
        (
            "SQLAlchemy",
            format!(
                "create_engine(\"{}\")",
                pg.replacen("postgres://", "postgresql+psycopg://", 1)
            ),
        ),
        (
            "dbt-redshift",
            format!(
                "host: {}, port: {}, user: dev, password: dev, dbname: {database}, sslmode: disable",
                redshift.host, redshift.port
            ),
        ),
        (
            "snowflake-connector",
            format!(
                "snowflake.connector.connect(account=\"dwsim\", user=\"dev\", password=\"dev\", host=\"{}\", port={}, protocol=\"http\", database=\"{database}\", schema=\"public\")",
                snowflake.host, snowflake.port
            ),
        ),
        (
            "snowflake-sdk",
            format!(
                "createConnection({{account: \"dwsim\", username: \"dev\", password: \"dev\", accessUrl: \"{}\"}})",
                snowflake.url
            ),
        ),
        (
            "dbt-snowflake",
            format!(
                "account: dwsim, host: {}, port: {}, protocol: http, user: dev, password: dev",
                snowflake.host, snowflake.port
            ),
        ),
        (
            "boto3",
            format!(
                "boto3.client(\"s3\", endpoint_url=\"{}\", aws_access_key_id=\"x\", aws_secret_access_key=\"x\")",
                s3.url
            ),
        ),
    ];
    if let (Some(tls), Some(authority)) = (&endpoints.tls, &endpoints.redshift_authority) {
        let authority = authority.display();
        rows.extend([
            (
                "psql, TLS",
                format!("psql \"{pg}?sslmode=verify-full&sslrootcert={authority}\""),
            ),
            (
                "redshift_connector, TLS",
                format!(
                    "SSL_CERT_FILE={authority} python … redshift_connector.connect(host=\"{}\", port={}, user=\"dev\", password=\"dev\", database=\"{database}\", sslmode=\"verify-full\")",
                    redshift.host, redshift.port
                ),
            ),
            (
                "snowflake-connector, TLS",
                format!(
                    "REQUESTS_CA_BUNDLE={authority} python … snowflake.connector.connect(account=\"dwsim\", user=\"dev\", password=\"dev\", host=\"{}\", port={}, protocol=\"https\", database=\"{database}\", schema=\"public\")",
                    snowflake.host, snowflake.port
                ),
            ),
            (
                "boto3, TLS",
                format!(
                    "boto3.client(\"s3\", endpoint_url=\"{}\", verify=\"{authority}\", aws_access_key_id=\"x\", aws_secret_access_key=\"x\")",
                    tls.s3
                ),
            ),
        ]);
    }
    let named = rows
        .into_iter()
        .map(|(client, text)| ConnectionText { client, text });
    named.collect()
}
