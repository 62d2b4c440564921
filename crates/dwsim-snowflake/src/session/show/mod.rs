//! SHOW: lists of objects with the columns their documentation pages name.
//! Which objects exist is read from the catalog.

mod account;
mod columns;
mod keys;
mod list;
mod objects;
mod routines;
mod scope;
