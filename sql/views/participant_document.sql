-- Each participant as the JSON that src/ledger/documents.ts reads: without its secret.
CREATE OR REPLACE VIEW holdfast.participant_document (name, document) AS
SELECT p.name, json_build_object(
  'name', p.name,
  'url', p.url,
  'timeoutMs', p.timeout_ms,
  'maxConcurrency', p.max_concurrency,
  'retry', json_build_object('initialMs', p.retry_initial_ms, 'maxMs', p.retry_max_ms, 'attentionAfter', p.retry_attention_after),
  'createdAt', holdfast.epoch_ms(p.created_at),
  'updatedAt', holdfast.epoch_ms(p.updated_at)
)
FROM holdfast.participant p
