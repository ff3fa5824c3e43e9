package secretname

import "strings"

// harmless are keys that are known not to have a secret: those of the document, of what
// is shipped with otai, of the help desk's own language, and of earlier versions.
var harmless = func() map[string]bool {
	known := map[string]bool{}
	for _, key := range strings.Fields(`
		TicketCreate TicketGet TicketSearch TicketUpdate admin allow always_retry api_version articles as attachments author backend base_url
		batch_wait body breaker_failures ca_file cache_dir cert_file cfg changed_after claim classification_service content_type
		create created customer date_format decisions default_template_renderer depends_on disable_existing_loggers enabled env
		exception_sleep expression fields filters first format formatters get handlers html id infrastructure init_side_effects injects
		insecure_skip_verify interval items keep keep_text key_file late level limit listen log_file_path log_format log_to_file loggers logging longest
		max_attempts max_changes max_connections max_memory_mb max_note_bytes max_response_mb metrics_open model model_name name note note_marker notes offset on
		onnx_file onnxruntime_library open_ticket_ai operation_urls orchestrator orchestrator_sleep otai owner params
		plugin_dirs poll_only plugins preload priorities priority proxy queue queues reload_timeout repeat requests_per_second required revision root run runners runs
		schema search search_criteria server_name services session session_remove sha256 signature start_timeout state states steps subject text
		apply_from from language map map_file otherwise suggest_from suggestion_field
		threads tickets_per_hour ticket_id ticket_search_criteria ticket_system time_zone timeout timeouts tls top_k trusted_keys update
		updated_ticket use use_session username version visible_to_customer webservice_name workers
		Type Types TypeIDs StateType StateTypeIDs State States StateIDs Queue Queues QueueIDs Lock Locks LockIDs Priority
		Priorities PriorityIDs Service Services SLA SLAs Title TicketNumber CustomerID CustomerIDRaw CustomerUserLogin Owner
		OwnerIDs Responsible ResponsibleIDs Created SortBy OrderBy Limit
		trigger when if with uses type pipe pipes pipelines renderer classifier ticket title label value message defs
		retries retry delay seconds minutes hours milliseconds days run_every_milli_seconds threshold default config options
		settings args description url`) {
		known[key] = true
	}
	return known
}()

// Harmless reports whether a key is known not to have a secret.
func Harmless(key string) bool { return harmless[key] }
