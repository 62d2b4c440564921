//! A session over the PostgreSQL protocol: start-up, log-in, the simple query protocol, and its text results.
//! What the text of each type means is in `postgres_types`.

use super::postgres_types::{decode, native_name};
use super::socket::{Socket, encrypt, open};
use super::url::Url;
use super::{Reply, broken, protocol, sql_error};
use crate::endpoints::Endpoint;
use crate::error::{Error, Position, Result};
use crate::value::{Column, ResultTable, TypeKind, Value};
use crate::{Dialect, SqlError};
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DIALECT: Dialect = Dialect::Redshift;

/// Who logs in, and where to when no database is named; what the URL leaves out is what the emulators have.
struct Login {
    user: String,
    password: String,
    database: String,
    encrypted: bool,
}

impl Login {
    /// `sslmode=require` and stricter ask for TLS with a certificate that is checked; laxer ones for none, since a
    /// connection that might be encrypted protects nobody.
    fn of(url: &str) -> Result<Self> {
        let url = Url::parse(url);
        let encrypted = match url.parameter("sslmode") {
            None | Some("disable" | "allow" | "prefer") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(other) => {
                return Err(Error::Setup(format!(
                    "sslmode={other} is none of disable, allow, prefer, require, verify-ca and verify-full"
                )));
            }
        };
        let or_dev = |part: Option<String>| part.unwrap_or_else(|| "dev".to_owned());
        Ok(Login {
            user: or_dev(url.user),
            password: or_dev(url.password),
            database: or_dev(url.path),
            encrypted,
        })
    }
}

/// An open session.
#[derive(Debug)]
pub(super) struct Session {
    stream: Box<dyn Socket>,
    input: BytesMut,
    output: BytesMut,
}

impl Session {
    /// Without a `database` it is the one that the endpoint's URL names.
    pub(super) async fn connect(endpoint: &Endpoint, database: Option<&str>) -> Result<Self> {
        let login = Login::of(&endpoint.url)?;
        let database = database.unwrap_or(&login.database);
        let stream = open(DIALECT, endpoint).await?;
        let stream = if login.encrypted {
            encrypted(endpoint, stream).await?
        } else {
            Box::new(stream)
        };
        let mut session = Session {
            stream,
            input: BytesMut::with_capacity(8192),
            output: BytesMut::new(),
        };
        let parameters = [
            ("user", login.user.as_str()),
            ("database", database),
            ("client_encoding", "UTF8"),
            ("application_name", "dwsim"),
            // floats in digits that read back to the same value; the most that Redshift takes
            ("extra_float_digits", "2"),
        ];
        frontend::startup_message(parameters, &mut session.output)
            .map_err(|e| protocol(DIALECT, e))?;
        session.flush().await?;
        session.log_in(&login).await?;
        loop {
            match session.message().await? {
                Message::ReadyForQuery(_) => return Ok(session),
                Message::ErrorResponse(body) => return Err(error_of(body.fields(), "").into()),
                _ => {}
            }
        }
    }

    async fn log_in(&mut self, login: &Login) -> Result<()> {
        let password = login.password.as_bytes();
        let mut scram = None;
        loop {
            match self.message().await? {
                Message::AuthenticationOk => return Ok(()),
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(password, &mut self.output)
                        .map_err(|e| protocol(DIALECT, e))?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(login.user.as_bytes(), password, body.salt());
                    frontend::password_message(hash.as_bytes(), &mut self.output)
                        .map_err(|e| protocol(DIALECT, e))?;
                }
                Message::AuthenticationSasl(_) => {
                    let exchange = ScramSha256::new(password, ChannelBinding::unsupported());
                    frontend::sasl_initial_response(
                        SCRAM_SHA_256,
                        exchange.message(),
                        &mut self.output,
                    )
                    .map_err(|e| protocol(DIALECT, e))?;
                    scram = Some(exchange);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let exchange = scram
                        .as_mut()
                        .ok_or_else(|| protocol(DIALECT, "a SASL answer without a question"))?;
                    exchange
                        .update(body.data())
                        .map_err(|e| protocol(DIALECT, e))?;
                    frontend::sasl_response(exchange.message(), &mut self.output)
                        .map_err(|e| protocol(DIALECT, e))?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    let exchange = scram
                        .as_mut()
                        .ok_or_else(|| protocol(DIALECT, "a SASL answer without a question"))?;
                    exchange
                        .finish(body.data())
                        .map_err(|e| protocol(DIALECT, e))?;
                    continue;
                }
                Message::ErrorResponse(body) => return Err(error_of(body.fields(), "").into()),
                Message::NoticeResponse(_) | Message::ParameterStatus(_) => continue,
                _ => {
                    return Err(protocol(
                        DIALECT,
                        "a way to log in that this client does not know",
                    ));
                }
            }
            self.flush().await?;
        }
    }

    /// Runs a statement over the simple query protocol; of several in one text the last one's answer counts.
    pub(super) async fn run(&mut self, sql: &str) -> Result<Reply> {
        frontend::query(sql, &mut self.output).map_err(|e| protocol(DIALECT, e))?;
        self.flush().await?;
        let mut reply = Reply::Done { affected: None };
        let mut open: Option<Rows> = None;
        let mut failure: Option<Error> = None;
        loop {
            match self.message().await? {
                Message::RowDescription(body) => open = Some(Rows::new(&body)?),
                Message::DataRow(body) => {
                    let rows = open
                        .as_mut()
                        .ok_or_else(|| protocol(DIALECT, "a row without a description"))?;
                    if failure.is_none() {
                        failure = rows.push(&body).err();
                    }
                }
                Message::CommandComplete(body) => {
                    let tag = body.tag().map_err(|e| protocol(DIALECT, e))?;
                    reply = match open.take() {
                        Some(rows) => Reply::Rows(rows.table),
                        None => Reply::Done {
                            affected: affected(tag),
                        },
                    };
                }
                Message::ErrorResponse(body) => failure = Some(error_of(body.fields(), sql).into()),
                Message::CopyInResponse(_) => {
                    let refusal = "this client sends no data for COPY … FROM STDIN";
                    frontend::copy_fail(refusal, &mut self.output)
                        .map_err(|e| protocol(DIALECT, e))?;
                    self.flush().await?;
                }
                Message::ReadyForQuery(_) => break,
                Message::EmptyQueryResponse
                | Message::NoticeResponse(_)
                | Message::ParameterStatus(_)
                | Message::NotificationResponse(_)
                | Message::CopyOutResponse(_)
                | Message::CopyData(_)
                | Message::CopyDone => {}
                _ => {
                    return Err(protocol(
                        DIALECT,
                        "a message that does not belong to a query",
                    ));
                }
            }
        }
        failure.map_or(Ok(reply), Err)
    }

    /// Runs `COPY … FROM STDIN` and sends it this text.
    pub(super) async fn copy_in(&mut self, sql: &str, text: &[u8]) -> Result<()> {
        frontend::query(sql, &mut self.output).map_err(|e| protocol(DIALECT, e))?;
        self.flush().await?;
        let mut failure = None;
        loop {
            match self.message().await? {
                Message::CopyInResponse(_) => {
                    for piece in text.chunks(1 << 20) {
                        frontend::CopyData::new(piece)
                            .map_err(|e| protocol(DIALECT, e))?
                            .write(&mut self.output);
                        self.flush().await?;
                    }
                    frontend::copy_done(&mut self.output);
                    self.flush().await?;
                }
                Message::ErrorResponse(body) => failure = Some(error_of(body.fields(), sql)),
                Message::ReadyForQuery(_) => break,
                _ => {}
            }
        }
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    pub(super) async fn close(&mut self) {
        frontend::terminate(&mut self.output);
        // the server ends the session anyway when the socket closes
        let _ = self.flush().await;
    }

    async fn flush(&mut self) -> Result<()> {
        self.stream
            .write_all(&self.output)
            .await
            .map_err(|e| broken(DIALECT, e))?;
        self.output.clear();
        Ok(())
    }

    async fn message(&mut self) -> Result<Message> {
        loop {
            if let Some(message) =
                Message::parse(&mut self.input).map_err(|e| protocol(DIALECT, e))?
            {
                return Ok(message);
            }
            let read = self
                .stream
                .read_buf(&mut self.input)
                .await
                .map_err(|e| broken(DIALECT, e))?;
            if read == 0 {
                return Err(broken(DIALECT, "the server closed it"));
            }
        }
    }
}

/// Asks the server for TLS, as PostgreSQL's protocol does it, and begins it.
async fn encrypted(endpoint: &Endpoint, mut stream: TcpStream) -> Result<Box<dyn Socket>> {
    let mut ask = BytesMut::new();
    frontend::ssl_request(&mut ask);
    let mut answer = [0];
    let exchange = async {
        stream.write_all(&ask).await?;
        stream.read_exact(&mut answer).await
    };
    exchange.await.map_err(|e| broken(DIALECT, e))?;
    match answer {
        [b'S'] => encrypt(DIALECT, endpoint, stream).await,
        _ => Err(Error::Setup(format!(
            "{} has no TLS, which its URL asks for with sslmode",
            endpoint.host
        ))),
    }
}

/// A result that is still arriving.
struct Rows {
    types: Vec<u32>,
    table: ResultTable,
}

impl Rows {
    fn new(body: &RowDescriptionBody) -> Result<Self> {
        let mut rows = Rows {
            types: Vec::new(),
            table: ResultTable::default(),
        };
        let mut fields = body.fields();
        while let Some(field) = fields.next().map_err(|e| protocol(DIALECT, e))? {
            rows.types.push(field.type_oid());
            let native = native_name(field.type_oid(), field.type_modifier());
            rows.table.columns.push(Column::new(field.name(), native));
        }
        Ok(rows)
    }

    fn push(&mut self, body: &DataRowBody) -> Result<()> {
        let mut row = Vec::with_capacity(self.types.len());
        let mut ranges = body.ranges();
        while let Some(range) = ranges.next().map_err(|e| protocol(DIALECT, e))? {
            let index = row.len();
            let (Some(oid), Some(column)) = (self.types.get(index), self.table.columns.get(index))
            else {
                return Err(protocol(DIALECT, "a row with more cells than columns"));
            };
            row.push(match range {
                None => Value::Null,
                Some(range) => {
                    let text = std::str::from_utf8(&body.buffer()[range]);
                    let text = text.map_err(|_| {
                        protocol(DIALECT, format!("column `{}` is not UTF-8", column.name))
                    })?;
                    let value = decode(*oid, text);
                    match value.map_err(|message| Error::Value {
                        column: column.name.clone(),
                        message,
                    })? {
                        // numeric(p,0) is an integer, as Snowflake's number(p,0) is
                        Value::Decimal(d) if column.ty == TypeKind::Int => {
                            d.to_integer().map_or(Value::Decimal(d), Value::Int)
                        }
                        value => value,
                    }
                }
            });
        }
        if row.len() != self.types.len() {
            return Err(protocol(DIALECT, "a row with fewer cells than columns"));
        }
        self.table.rows.push(row);
        Ok(())
    }
}

/// `INSERT 0 3` -> 3; nothing for statements that change no rows.
fn affected(tag: &str) -> Option<u64> {
    let mut words = tag.split(' ');
    match words.next()? {
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" => words.next_back()?.parse().ok(),
        _ => None,
    }
}

fn error_of(mut fields: ErrorFields<'_>, sql: &str) -> SqlError {
    let mut error = sql_error(DIALECT, "XX000", "an error without a message");
    while let Ok(Some(field)) = fields.next() {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => error.code = text,
            b'M' => error.message = text,
            b'P' if !sql.is_empty() => {
                error.position = text
                    .parse()
                    .ok()
                    .map(|index| Position::of_character(sql, index));
            }
            _ => {}
        }
    }
    error
}
