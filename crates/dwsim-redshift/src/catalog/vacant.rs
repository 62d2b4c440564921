//! More views of machinery that dwsim does not have, with their documented columns and no rows: steps of query plans,
//! datashares, integrations, streams, quotas and histories of background work. The others are in `empty`.

pub(super) const VIEWS: &[(&str, &str)] = &[
    (
        "stl_bcast",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l packets:i checksum:l",
    ),
    (
        "stl_limit",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l checksum:l",
    ),
    (
        "stl_project",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l checksum:l",
    ),
    (
        "stl_window",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l is_diskbased:c workmem:l",
    ),
    (
        "stl_hashjoin",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l tbl:i num_parts:i join_type:i hash_looped:c switched_parts:c used_prefetching:c hash_segment:i hash_step:i checksum:l distribution:i",
    ),
    (
        "stl_disk_full_diag",
        "currenttime:l node_num:l query_id:l temp_blocks:l",
    ),
    (
        "stl_analyze_compression",
        "userid:i start_time:t xid:l tbl:i tablename col:i colname old_encoding new_encoding mode",
    ),
    (
        "stl_s3client_error",
        "userid:i query:i sliceid:i recordtime:t pid:i http_method bucket key error is_partial:i start_offset:l",
    ),
    (
        "stl_schema_quota_violations",
        "ownerid:i xid:l pid:i userid:i schema_id:i schema_name quota:i disk_usage:i disk_usage_pct:d timestamp:t",
    ),
    (
        "stl_sshclient_error",
        "userid:i query:i slice:i recordtime:t pid:i ssh_username endpoint command error",
    ),
    (
        "stl_usage_control",
        "eventtime:t query:i xid:l pid:i usage_limit_id feature_type",
    ),
    (
        "svcs_plan_info",
        "userid:i query:i nodeid:i segment:i step:i locus:i plannode:i startupcost:d totalcost:d rows:l bytes:l",
    ),
    (
        "svcs_s3log",
        "pid:i query:i segment:i step:i node:i slice:i eventtime:t message",
    ),
    (
        "svcs_s3partition_summary",
        "query:i segment:i assignment:c min_starttime:t max_endtime:t min_duration:l max_duration:l avg_duration:l total_partitions:i qualified_partitions:i min_assigned_partitions:i max_assigned_partitions:i avg_assigned_partitions:l",
    ),
    (
        "svcs_spatial_simplify",
        "query:i line_number:i maximum_tolerance:d initial_size:i simplified:c final_size:i final_tolerance:d",
    ),
    (
        "svcs_unload_log",
        "userid:i query:i pid:i path start_time:t end_time:t line_count:l transfer_size:l file_format",
    ),
    (
        "svl_datashare_change_log",
        "userid:i username pid:i xid:l share_id:i share_name source_database_id:i source_database_name consumer_database_id:i consumer_database_name recordtime:t action status:i share_object_type share_object_id:i share_object_name target_user_type target_userid:i target_username consumer_account consumer_namespace producer_account producer_namespace",
    ),
    (
        "svl_datashare_cross_region_usage",
        "query:i segment:i starttime:t endtime:t size:l source_region",
    ),
    (
        "svl_datashare_usage_consumer",
        "userid:i pid:i xid:l request_id request_type transaction_uid recordtime:t status:i error",
    ),
    (
        "svl_datashare_usage_producer",
        "share_id:i share_name request_id request_type object_type object_oid:i object_name consumer_account consumer_namespace consumer_transaction_uid recordtime:t status:i error consumer_region",
    ),
    ("svl_restore_alter_table_progress", "tbl:i progress message"),
    (
        "svv_integration_table_state",
        "integration_id target_database schema_name table_name table_state table_last_replicated_checkpoint reason last_updated_timestamp:t table_rows:l table_size:l",
    ),
    (
        "sys_analyze_compression_history",
        "user_id:i start_time:t transaction_id:l table_id:i table_name column_position:i column_name old_encoding new_encoding mode",
    ),
    (
        "sys_analyze_history",
        "user_id:i transaction_id:l database_name schema_name table_name table_id:i is_automatic:b status start_time:t end_time:t rows:d modified_rows:d threshold_percent:i last_analyze_time:t is_background:b auto_analyze_phase",
    ),
    (
        "sys_applied_masking_policy_log",
        "policy_name user_id record_time:t session_id:i transaction_id:l query_id:i database_name relation_name schema_name attachment_id:l relation_kind",
    ),
    (
        "sys_auto_table_optimization",
        "table_id:i alter_table_type status event_time:t alter_from",
    ),
    (
        "sys_child_query_text",
        "user_id:i query_id:l child_query_sequence:i sequence:i text",
    ),
    (
        "sys_datashare_change_log",
        "user_id:i user_name session_id:i transaction_id:l share_id:i share_name source_database_id:i source_database_name consumer_database_id:i consumer_database_name record_time:t action status:i share_object_type share_object_id:i share_object_name target_user_type target_user_id:i target_user_name consumer_account consumer_namespace producer_account producer_namespace",
    ),
    (
        "sys_datashare_cross_region_usage",
        "query_id:l segment_id:i start_time:t end_time:t transferred_data:l source_region",
    ),
    (
        "sys_datashare_usage_consumer",
        "user_id:i session_id:i transaction_id:l request_id request_type transaction_uid record_time:t status:i error_message",
    ),
    (
        "sys_datashare_usage_producer",
        "share_id:i share_name request_id request_type object_type object_id:i object_name consumer_account consumer_namespace consumer_transaction_uid record_time:t status:i error_message consumer_region",
    ),
    (
        "sys_external_query_error",
        "user_id:i query_id:l file_location rowid column_name original_value modified_value trigger action action_value error_code:i",
    ),
    (
        "sys_integration_activity",
        "integration_id target_database source checkpoint_name checkpoint_type checkpoint_bytes:l last_commit_timestamp:t modified_tables:i integration_start_time:t integration_end_time:t",
    ),
    (
        "sys_integration_table_state_change",
        "integration_id database_name schema_name table_name new_state table_last_replicated_checkpoint state_change_reason record_time:t",
    ),
    (
        "sys_query_explain",
        "user_id:i query_id:l child_query_sequence:i plan_node_id:i plan_parent_id:i plan_node plan_info",
    ),
    (
        "sys_schema_quota_violations",
        "owner_id:i user_id:i session_id:i transaction_id:l schema_id:i schema_name quota:i disk_usage:i record_time:t",
    ),
    (
        "sys_stream_scan_errors",
        "external_schema_name stream_name mv_name transaction_id:l query_id:l record_time:t partition_id position record_position error_code:i error_reason",
    ),
    (
        "sys_stream_scan_states",
        "external_schema_name stream_name mv_name transaction_id:l query_id:l record_time:t partition_id latest_position scanned_rows:l skipped_rows:l scanned_bytes:l stream_record_time_min:t stream_record_time_max:t",
    ),
    (
        "sys_userlog",
        "user_id:i user_name original_user_name action has_create_db_privs:i is_superuser:i has_update_catalog_privs:i password_expiration:t session_id:i transaction_id:l record_time:t",
    ),
    (
        "sys_vacuum_history",
        "user_id:i transaction_id:l query_id:l database_name schema_name table_name table_id:i vacuum_type is_automatic:b status start_time:t end_time:t duration:l rows_before_vacuum:l size_before_vacuum:i reclaimable_rows:l reclaimed_rows:l reclaimed_blocks:l sortedrows_before_vacuum:l sortedrows_after_vacuum:l",
    ),
    (
        "sys_copy_job_detail",
        "job_id:l file_path file_size:l file_modified_time:t status query_id:l start_time:t end_time:t",
    ),
    (
        "sys_copy_job_info",
        "job_id:l database_name record_time:t message",
    ),
    (
        "sys_extra_compute_for_automatic_optimization",
        "start_time:t end_time:t compute_seconds:d compute_type",
    ),
    (
        "sys_integration_table_activity",
        "integration_id target_database source schema_name table_name source_schema_name source_table_name checkpoint_name checkpoint_type checkpoint_bytes:l last_commit_timestamp:t rows_inserted:l rows_deleted:l rows_updated:l integration_start_time:t integration_end_time:t",
    ),
    (
        "sys_mv_state",
        "user_id:i start_time:t transaction_id:l event_desc database_name base_table_schema base_table_name mv_schema mv_name state",
    ),
    (
        "sys_restore_log",
        "event_time:t database_name schema_name table_name table_id:i action redistribution_method",
    ),
    (
        "sys_restore_state",
        "user_id:i database_name schema_name table_name table_id:i redistribution_status progress:d",
    ),
    ("pg_library", "name language_oid:o file_store_id:i owner:i"),
    (
        "pg_opclass",
        "oid:o opcamid:o opcname:n opcnamespace:o opcowner:i opcintype:o opcdefault:b opckeytype:o",
    ),
    (
        "pg_stats",
        "schemaname:n tablename:n attname:n null_frac:d avg_width:i n_distinct:d most_common_vals most_common_freqs histogram_bounds correlation:d",
    ),
];
