//! The server from outside: sqlx over TCP, and bytes that no client would send.

mod clients;
mod documented;
mod guide;
mod hostile;
mod language;
mod routines;
mod security;
mod support;
