//! Deterministic synthetic data as Arrow batches, Parquet and CSV
