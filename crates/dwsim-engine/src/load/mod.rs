//! Readers of load files (Parquet, CSV, JSON) into typed columns, shared by COPY of both dialects.
//! Statement options, error tables and transactions are the dialects' work.
