//! Views of machinery that dwsim does not have: their documented columns and no rows.
//! A client that watches a cluster finds nothing to watch, and its queries work.

const VIEWS: &[(&str, &str)] = &[
    (
        "stl_merge",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l",
    ),
    (
        "stl_mergejoin",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l tbl:i checksum:l",
    ),
    (
        "stl_nestloop",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l tbl:i checksum:l",
    ),
    (
        "stl_parse",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l",
    ),
    (
        "stl_unique",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l type is_diskbased:c slots:i workmem:l max_buffers_used:l resizes:i occupied:i flushable:i",
    ),
    (
        "stl_mv_state",
        "userid:l starttime:t xid:l event_desc db_name base_table_schema base_table_name mv_schema mv_name state",
    ),
    (
        "svcs_query_summary",
        "userid:i query:i stm:i seg:i step:i maxtime:l avgtime:l rows:l bytes:l rate_row:d rate_byte:d label is_diskbased:c workmem:l is_rrscan:c is_delayed_scan:c rows_pre_filter:l",
    ),
    (
        "svcs_s3list",
        "query:i segment:i node:i slice:i eventtime:t bucket prefix recursive:c retrieved_files:i max_file_size:l avg_file_size:d generated_splits:i avg_split_length:d duration:l",
    ),
    ("svcs_stream_segs", "userid:i query:i stream:i segment:i"),
    (
        "svl_s3partition_summary",
        "query:i segment:i assignment:c min_starttime:t max_endtime:t min_duration:l max_duration:l avg_duration:l total_partitions:i qualified_partitions:i min_assigned_partitions:i max_assigned_partitions:i avg_assigned_partitions:l",
    ),
    (
        "stv_ml_model_info",
        "schema_name user_name model_name life_cycle is_refreshable:i model_state",
    ),
    (
        "stl_aggr",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l slots:i occupied:i maxlength:i tbl:i is_diskbased:c workmem:l type resizes:i flushable:i",
    ),
    (
        "stl_alert_event_log",
        "userid:i query:i slice:i segment:i step:i pid:i xid:l event solution event_time:t",
    ),
    (
        "stl_analyze",
        "userid:i xid:l database table_id:i status rows:d modified_rows:d threshold_percent:i is_auto:c starttime:t endtime:t prevtime:t num_predicate_cols:i num_new_predicate_cols:i is_background:c auto_analyze_phase schema_name table_name",
    ),
    (
        "stl_commit_stats",
        "xid:l node:i startqueue:t startwork:t endflush:t endstage:t endlocal:t startglobal:t endtime:t queuelen:l permblocks:l newblocks:l dirtyblocks:l headers:i numxids:i oldestxid:l extwritelatency:l metadatawritten:i tombstonedblocks:l tossedblocks:l batched_by:l",
    ),
    (
        "stl_connection_log",
        "event recordtime:t remotehost remoteport pid:i dbname username authmethod duration:i sslversion sslcipher mtu:i sslcompression sslexpansion iamauthguid application_name os_version driver_version plugin_name protocol_version:i sessionid compression",
    ),
    (
        "stl_delete",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l tbl:i",
    ),
    (
        "stl_dist",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l packets:i",
    ),
    (
        "stl_error",
        "userid:i process recordtime:t pid:i errcode:i file linenum:i context error",
    ),
    (
        "stl_explain",
        "userid:i query:i nodeid:i parentid:i plannode info",
    ),
    (
        "stl_file_scan",
        "userid:i query:i slice:i name lines:l bytes:l loadtime:l curtime:t is_partial:i start_offset:l",
    ),
    (
        "stl_hash",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l slots:i occupied:i maxlength:i tbl:i is_diskbased:c workmem:l num_parts:i est_rows:l num_blocks_permitted:i resizes:i checksum:l runtime_filter_size:i max_runtime_filter_size:i runtime_filter_type:i",
    ),
    (
        "stl_insert",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l tbl:i inserted_mega_value:c use_staging_table:c",
    ),
    (
        "stl_plan_info",
        "userid:i query:i nodeid:i segment:i step:i locus:i plannode:i startupcost:d totalcost:d rows:l bytes:l",
    ),
    (
        "stl_query_metrics",
        "userid:i service_class:i query:i segment:i step_type:i starttime:t slices:i max_rows:l rows:l max_cpu_time:l cpu_time:l max_blocks_read:i blocks_read:l max_run_time:l run_time:l max_blocks_to_disk:l blocks_to_disk:l step:i max_query_scan_size:l query_scan_size:l query_priority:i query_queue_time:l service_class_name",
    ),
    (
        "stl_replacements",
        "userid:i query:i slice:i tbl:i starttime:t session:i filename line_number:l colname raw_line",
    ),
    (
        "stl_restarted_sessions",
        "currenttime:t dbname newpid:i oldpid:i username remotehost remoteport parkedtime:t session_vars",
    ),
    (
        "stl_return",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l packets:i checksum:l",
    ),
    (
        "stl_s3client",
        "userid:i query:i slice:i recordtime:t pid:i http_method bucket key transfer_size:l data_size:l start_time:l end_time:l transfer_time:l compression_time:l connect_time:l app_connect_time:l retries:l request_id extended_request_id ip_address node:i is_partial:i start_offset:l",
    ),
    (
        "stl_save",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l tbl:i is_diskbased:c workmem:l",
    ),
    (
        "stl_scan",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l fetches:l type:i tbl:i is_rrscan:c is_delayed_scan:c rows_pre_filter:l rows_pre_user_filter:l perm_table_name is_rlf_scan:c is_rlf_scan_reason:i num_em_blocks:i checksum:l runtime_filtering:c scan_region:i num_sortkey_as_predicate:i row_fetcher_state:i consumed_scan_ranges:l work_stealing_reason:l is_vectorized_scan:c is_vectorized_scan_reason:i row_fetcher_reason:l topology_signature:l use_tpm_partition:c is_rrscan_expr:c",
    ),
    (
        "stl_sessions",
        "userid:i starttime:t endtime:t process:i user_name db_name timeout_sec:i timed_out:i",
    ),
    (
        "stl_sort",
        "userid:i query:i slice:i segment:i step:i starttime:t endtime:t tasknum:i rows:l bytes:l tbl:i is_diskbased:c workmem:l checksum:l",
    ),
    ("stl_stream_segs", "userid:i query:i stream:i segment:i"),
    (
        "stl_tr_conflict",
        "xact_id:l process_id:l xact_start_ts:t abort_time:t table_id:l",
    ),
    (
        "stl_undone",
        "xact_id:l xact_id_undone:l undo_start_ts:t undo_end_ts:t table_id:l",
    ),
    (
        "stl_userlog",
        "userid:i username oldusername action usecreatedb:i usesuper:i usecatupd:i valuntil:t pid:i xid:l recordtime:t",
    ),
    (
        "stl_vacuum",
        "userid:i xid:l table_id:i status rows:l sortedrows:i blocks:i max_merge_partitions:i eventtime:t reclaimable_rows:l reclaimable_space_mb:l cutoff_xid:l is_recluster:i",
    ),
    ("stl_wlm_error", "userid:i recordtime:t pid:i error_string"),
    (
        "stl_wlm_query",
        "userid:i xid:l task:i query:i service_class:i slot_count:i service_class_start_time:t queue_start_time:t queue_end_time:t total_queue_time:l exec_start_time:t exec_end_time:t total_exec_time:l service_class_end_time:t final_state est_peak_mem:l query_priority service_class_name",
    ),
    (
        "stl_wlm_rule_action",
        "userid:i query:i service_class:i rule action recordtime:t action_value service_class_name",
    ),
    (
        "stv_active_cursors",
        "userid:i name xid:l pid:i starttime:t row_count:l byte_count:l fetched_rows:l",
    ),
    (
        "stv_blocklist",
        "slice:i col:i tbl:i blocknum:i num_values:i extended_limits:i minvalue:l maxvalue:l sb_pos:i pinned:i on_disk:i modified:i hdr_modified:i unsorted:i tombstone:i preferred_diskno:i temporary:i newblock:i num_readers:i flags:i",
    ),
    (
        "stv_cursor_configuration",
        "current_cursor_count:i max_diskspace_usable:i current_diskspace_used:i",
    ),
    (
        "stv_exec_state",
        "userid:i query:i slice:i segment:i step:i starttime:t currenttime:t tasknum:i rows:l bytes:l label is_diskbased:c workmem:l num_parts:i is_rrscan:c is_delayed_scan:c",
    ),
    (
        "stv_load_state",
        "userid:i session:i query:i slice:i pid:i recordtime:t bytes_to_load:l bytes_loaded:l bytes_to_load_compressed:l bytes_loaded_compressed:l lines:i num_files:i num_files_complete:i current_file pct_complete:i",
    ),
    ("stv_node_storage_capacity", "node:i used:i capacity:i"),
    (
        "stv_partitions",
        "owner:i host:i diskno:i part_begin:l part_end:l used:i tossed:i capacity:i reads:l writes:l seek_forward:i seek_back:i is_san:i failed:i mbps:i mount",
    ),
    (
        "stv_query_metrics",
        "userid:i service_class:i query:i starttime:t slices:i segment:i step_type:i rows:l max_rows:l cpu_time:l max_cpu_time:l blocks_read:i max_blocks_read:i run_time:l max_run_time:l blocks_to_disk:l max_blocks_to_disk:l step:i query_scan_size:l max_query_scan_size:l query_priority:i query_queue_time:l service_class_name",
    ),
    (
        "stv_startup_recovery_state",
        "db_id:l table_id:l table_name",
    ),
    (
        "stv_tbl_trans",
        "slice:i id:i rows:l size:l query_id:l ref_cnt:i from_suspended:i prep_swap:i",
    ),
    (
        "stv_wlm_classification_config",
        "id:i condition action_seq:i action action_service_class:i",
    ),
    (
        "stv_wlm_qmr_config",
        "service_class:i rule_name action action_value:i metric_name metric_operator metric_value:d service_class_name",
    ),
    (
        "stv_wlm_query_queue_state",
        "service_class:i position:i task:i query:i slot_count:i start_time:t queue_time:l",
    ),
    (
        "stv_wlm_query_state",
        "xid:i task:i query:i service_class:i slot_count:i wlm_start_time:t state queue_time:l exec_time:l query_priority service_class_name",
    ),
    (
        "stv_wlm_query_task_state",
        "service_class:i task:i query:i level:i start_time:t exec_time:l",
    ),
    (
        "stv_wlm_service_class_config",
        "service_class:i queueing_strategy num_query_tasks:i target_num_query_tasks:i evictable eviction_threshold:l query_working_mem:i target_query_working_mem:i min_step_mem:i name max_execution_time:l user_group_wild_card:b query_group_wild_card:b concurrency_scaling query_priority user_role_wild_card:b",
    ),
    (
        "stv_wlm_service_class_state",
        "service_class:i service_class_name num_queued_queries:i num_executing_queries:i num_serviced_queries:l num_executed_queries:l query_working_mem:i target_num_query_tasks:i num_query_tasks:i",
    ),
    (
        "stv_xrestore_alter_queue_state",
        "userid:i db_id:i schema table_id:i table_name alter_status",
    ),
    (
        "svcs_alert_event_log",
        "userid:i query:i segment:i step:i pid:i xid:l event solution event_time:t",
    ),
    (
        "svcs_compile",
        "userid:i xid:l pid:i query:i segment:i locus:i starttime:t endtime:t compile:i",
    ),
    (
        "svcs_concurrency_scaling_usage",
        "start_time:t end_time:t queries:l usage_in_seconds:d",
    ),
    (
        "svcs_explain",
        "userid:i query:i nodeid:i parentid:i plannode info",
    ),
    (
        "svcs_s3query_summary",
        "userid:i query:i xid:l pid:i segment:i step:i starttime:t endtime:t elapsed:l aborted:i external_table_name is_partitioned:c is_rrscan:c is_nested:c s3_scanned_rows:l s3_scanned_bytes:l s3query_returned_rows:l s3query_returned_bytes:l files:i files_max:i files_avg:i splits:i splits_max:i splits_avg:i total_split_size:l max_split_size:l avg_split_size:l total_retries:i max_retries:i max_request_duration:i avg_request_duration:d max_request_parallelism:i avg_request_parallelism:d",
    ),
    (
        "svl_auto_worker_action",
        "table_id:i type status eventtime:t sequence:i previous_state",
    ),
    (
        "svl_compile",
        "userid:i xid:l pid:i query:i segment:i locus:i starttime:t endtime:t compile:i",
    ),
    (
        "svl_federated_query",
        "userid:i xid:l pid:i query:i sourcetype recordtime:t querytext num_rows:l num_bytes:l duration:l",
    ),
    (
        "svl_multi_statement_violations",
        "userid:i database cmdname xid:l pid:i label starttime:t endtime:t sequence:i type text",
    ),
    (
        "svl_query_metrics",
        "userid:i query:i service_class:i dimension segment:i step:i step_label query_cpu_time:l query_blocks_read:l query_execution_time:l query_cpu_usage_percent:d query_temp_blocks_to_disk:l segment_execution_time:l cpu_skew:d io_skew:d scan_row_count:l join_row_count:l nested_loop_join_row_count:l return_row_count:l spectrum_scan_row_count:l spectrum_scan_size_mb:l query_queue_time:l service_class_name",
    ),
    (
        "svl_query_metrics_summary",
        "userid:i query:i service_class:i query_cpu_time:l query_blocks_read:l query_execution_time:l query_cpu_usage_percent:d query_temp_blocks_to_disk:l segment_execution_time:l cpu_skew:d io_skew:d scan_row_count:l join_row_count:l nested_loop_join_row_count:l return_row_count:l spectrum_scan_row_count:l spectrum_scan_size_mb:l query_queue_time:l service_class_name",
    ),
    (
        "svl_query_queue_info",
        "database query:i xid:l userid:i querytxt queue_start_time:t exec_start_time:t service_class:i slots:i queue_elapsed:l exec_elapsed:l wlm_total_elapsed:l commit_queue_elapsed:l commit_exec_time:l service_class_name",
    ),
    (
        "svl_query_report",
        "userid:i query:i slice:i segment:i step:i start_time:t end_time:t elapsed_time:l rows:l bytes:l label is_diskbased:c workmem:l is_rrscan:c is_delayed_scan:c rows_pre_filter:l",
    ),
    (
        "svl_query_summary",
        "userid:i query:i stm:i seg:i step:i maxtime:l avgtime:l rows:l bytes:l rate_row:d rate_byte:d label is_diskbased:c workmem:l is_rrscan:c is_delayed_scan:c rows_pre_filter:l",
    ),
    (
        "svl_s3catalog",
        "userid:i query:i segment:i node:i slice:i eventtime:t call objects:i duration:l transferred_bytes:l",
    ),
    (
        "svl_s3list",
        "query:i segment:i node:i slice:i eventtime:t bucket prefix recursive:c retrieved_files:i max_file_size:l avg_file_size:d generated_splits:i avg_split_length:d duration:l",
    ),
    (
        "svl_s3log",
        "pid:i query:i segment:i step:i node:i slice:i eventtime:t message",
    ),
    (
        "svl_s3partition",
        "query:i segment:i node:i slice:i starttime:t endtime:t duration:l total_partitions:i qualified_partitions:i assigned_partitions:i assignment:c",
    ),
    (
        "svl_s3query",
        "userid:i query:i segment:i step:i node:i slice:i starttime:t endtime:t elapsed:l external_table_name is_partitioned:c is_rrscan:c s3_scanned_rows:l s3_scanned_bytes:l s3query_returned_rows:l s3query_returned_bytes:l files:i splits:i total_split_size:l max_split_size:l total_retries:i max_retries:i max_request_duration:i avg_request_duration:d max_request_parallelism:i avg_request_parallelism:d",
    ),
    (
        "svl_s3query_summary",
        "userid:i query:i xid:l pid:i segment:i step:i starttime:t endtime:t elapsed:l aborted:i external_table_name file_format is_partitioned:c is_rrscan:c is_nested:c s3_scanned_rows:l s3_scanned_bytes:l s3query_returned_rows:l s3query_returned_bytes:l files:i files_max:i files_avg:l splits:i splits_max:i splits_avg:l total_split_size:l max_split_size:l avg_split_size:l total_retries:i max_retries:i max_request_duration:i avg_request_duration:d max_request_parallelism:i avg_request_parallelism:d total_slowdown_count:i max_slowdown_count:i",
    ),
    (
        "svl_s3retries",
        "query:i segment:i node:i slice:i eventtime:t retries:i successful_fetches:i file_size:l location message",
    ),
    (
        "svl_spatial_simplify",
        "query:i line_number:l maximum_tolerance:d initial_size:i simplified:c final_size:i final_tolerance:d",
    ),
    (
        "svl_spectrum_scan_error",
        "userid:i query:i location rowid colname original_value modified_value trigger action action_value error_code:i",
    ),
    ("svl_terminate", "pid:i eventtime:t userid:i type"),
    (
        "svl_udf_log",
        "query:l message created:t traceback:i funcname node:i slice:i seq:i",
    ),
    (
        "svl_user_info",
        "usename usesysid:i usecreatedb:b usesuper:b usecatupd:b useconnlimit syslogaccess last_ddl_ts:t sessiontimeout:i external_id",
    ),
    ("svl_vacuum_percentage", "xid:l table_id:i percentage:l"),
    (
        "svv_alter_table_recommendations",
        "type database table_id:i group_id:i ddl auto_eligible",
    ),
    (
        "svv_rls_applied_policy",
        "username query:i xid:l pid:i recordtime:t command datname relschema relname polname poldefault",
    ),
    ("svv_copy_job_integrations", "copy_job_id:l type"),
    (
        "svv_datashare_consumers",
        "share_name consumer_account consumer_namespace share_date:t",
    ),
    (
        "svv_datashare_objects",
        "share_type share_name object_type object_name producer_account producer_namespace include_new:b",
    ),
    (
        "svv_datashare_privileges",
        "datashare_name privilege_type identity_id:i identity_name identity_type admin_option:b",
    ),
    (
        "svv_datashares",
        "share_name share_id:i share_owner:i source_database consumer_database share_type createdate:t is_publicaccessible:b share_acl producer_account producer_namespace managed_by",
    ),
    (
        "svv_diskusage",
        "db_id:i name slice:i col:i tbl:i blocknum:i num_values:i minvalue:l maxvalue:l sb_pos:i pinned:i on_disk:i modified:i hdr_modified:i unsorted:i tombstone:i preferred_diskno:i temporary:i newblock:i",
    ),
    (
        "svv_external_columns",
        "redshift_database_name schemaname tablename columnname external_type columnnum:i part_key:i is_nullable",
    ),
    (
        "svv_external_databases",
        "eskind:i esoptions databasename location parameters",
    ),
    (
        "svv_external_partitions",
        "schemaname tablename values location input_format output_format serialization_lib serde_parameters compressed:i parameters",
    ),
    (
        "svv_external_schemas",
        "esoid:o eskind:s schemaname:n esowner:i databasename esoptions",
    ),
    (
        "svv_external_tables",
        "redshift_database_name schemaname tablename tabletype location input_format output_format serialization_lib serde_parameters compressed:i parameters",
    ),
    (
        "svv_geography_columns",
        "f_table_catalog f_table_schema f_table_name f_geography_column coord_dimension:i srid:i type",
    ),
    (
        "svv_geometry_columns",
        "f_table_catalog f_table_schema f_table_name f_geometry_column coord_dimension:i srid:i type",
    ),
    (
        "svv_identity_providers",
        "uid:i name type instanceid namespc params enabled:b",
    ),
    (
        "svv_integration",
        "integration_id target_database source state current_lag:l last_replicated_checkpoint total_tables_replicated:i total_tables_failed:i creation_time:t refresh_interval:i source_database is_history_mode:b query_all_states:b truncatecolumns:b acceptinvchars:b",
    ),
    (
        "svv_ml_model_info",
        "schema_name user_name model_name life_cycle is_refreshable:i model_state",
    ),
    (
        "svv_ml_model_privileges",
        "namespace_name model_name model_version:i privilege_type identity_id:i identity_name identity_type admin_option:b",
    ),
    (
        "svv_query_inflight",
        "userid:i slice:i query:i pid:i starttime:t suspended:i text sequence:i",
    ),
    (
        "svv_query_state",
        "userid:i query:i seg:i step:i maxtime:l avgtime:l rows:l bytes:l cpu:l memory:l rate_row:d rate_byte:d label is_diskbased:c workmem:l num_parts:i is_rrscan:c is_delayed_scan:c",
    ),
    (
        "svv_vacuum_progress",
        "table_name status time_remaining_estimate",
    ),
    (
        "svv_vacuum_summary",
        "table_name xid:l sort_partitions:i merge_increments:i elapsed_time:l row_delta:l sortedrow_delta:l block_delta:i max_merge_partitions:i",
    ),
    (
        "sys_connection_log",
        "event record_time:t remote_host remote_port session_id:i database_name user_name auth_method duration:i ssl_version ssl_cipher mtu:i ssl_compression ssl_expansion iam_auth_guid application_name driver_version os_version plugin_name protocol_version:i global_session_id",
    ),
    (
        "sys_copy_job",
        "job_id:l job_name data_source copy_query is_auto:i job_status error_message",
    ),
    (
        "sys_copy_replacements",
        "user_id:i query_id:l session_id:i table_id:i database_name file_name line_number:l column_name raw_line",
    ),
    (
        "sys_external_query_detail",
        "user_id:i query_id:l child_query_sequence:i transaction_id:l segment_id:i source_type start_time:t end_time:t duration:l total_partitions:l qualified_partitions:l scanned_files:l returned_rows:l returned_bytes:l file_format file_location external_query_text warning_message table_name is_recursive:c is_nested:c s3list_time:l get_partition_time:l",
    ),
    (
        "sys_query_detail",
        "user_id:i query_id:l child_query_sequence:i stream_id:i segment_id:i step_id:i step_name table_id:i table_name is_rrscan:c start_time:t end_time:t duration:l alert input_bytes:l input_rows:l output_bytes:l output_rows:l blocks_read:l blocks_write:l local_read_io:l remote_read_io:l spilled_block_local_disk:l spilled_block_remote_disk:l step_attribute metrics_level plan_parent_id:i plan_node_id:i",
    ),
    (
        "sys_serverless_usage",
        "start_time:t end_time:t compute_seconds:d compute_capacity:d data_storage:i cross_region_transferred_data:i charged_seconds:i",
    ),
    (
        "sys_session_history",
        "user_id:i session_id:i database_name status session_timeout:i start_time:t end_time:t",
    ),
    (
        "sys_spatial_simplify",
        "query_id:l line_number:l maximum_tolerance:d initial_size:i is_simplified:b final_size:i final_tolerance:d",
    ),
    (
        "sys_transaction_history",
        "user_id:i transaction_id:l isolation_level status transaction_start_time:t commit_start_time:t commit_end_time:t blocks_committed:l undo_transaction_id:l",
    ),
    (
        "sys_udf_log",
        "query_id:l message record_time:t level_number:i function_name sequence:i",
    ),
];

/// The columns of an empty view.
pub(super) fn columns(name: &str) -> Option<&'static str> {
    VIEWS
        .iter()
        .chain(super::vacant::VIEWS)
        .find(|v| v.0 == name)
        .map(|v| v.1)
}

#[cfg(test)]
mod tests {
    use super::super::table::columns as parse;
    use super::*;

    #[test]
    fn columns_are_well_formed() {
        for (name, list) in VIEWS.iter().chain(super::super::vacant::VIEWS) {
            let columns = parse(list);
            for (i, c) in columns.iter().enumerate() {
                assert!(
                    !columns[..i].iter().any(|o| o.name == c.name),
                    "{name}.{}",
                    c.name
                );
            }
        }
    }
}
