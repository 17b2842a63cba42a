-- Who was erased, as the audit trail that was set aside tells. Parameters: none. Answers: resource_id, the person's id.
SELECT resource_id FROM before_restore.audit_logs WHERE action = 'subject:erased'
