-- owner: crm. One search over notes, files and tasks beside contacts and entities, and contacts in spite of a typing error.

SET LOCAL lock_timeout = '5s';
CREATE INDEX notes_search_idx ON notes USING gin (search_tokens(tenant_id, fold_text(body))) WITH (fastupdate = on, gin_pending_list_limit = 1024);
CREATE INDEX files_search_idx ON files USING gin (search_tokens(tenant_id, sort_name)) WITH (fastupdate = on, gin_pending_list_limit = 1024);
CREATE INDEX tasks_search_idx ON tasks USING gin (search_tokens(tenant_id, search)) WITH (fastupdate = on, gin_pending_list_limit = 1024);

-- Ids of the newest notes, files and tasks that hold every pattern, at most `wanted` of each kind. A definer function for the same reason
-- as contact_page; the caller joins the rows under its policy. The newest 200 are looked at first: enough for a word that many hold,
-- for which the index would gather them all. The index gathers 1,000 at most.
CREATE FUNCTION text_hits(patterns jsonb, kinds text[], wanted integer) RETURNS TABLE (kind text, id uuid)
LANGUAGE plpgsql STABLE ROWS 30 SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  texts text[] := ARRAY(SELECT jsonb_array_elements_text(patterns) LIMIT 6);
  needles bigint[] := search_needles(tenant, patterns);
  one record;
  ids uuid[];
BEGIN
  IF cardinality(needles) = 0 THEN RETURN; END IF;
  FOR one IN SELECT * FROM (VALUES
    ('note', 'public.notes', 'public.fold_text(x.body)', 'true'),
    ('file', 'public.files', 'x.sort_name', 'x.deleted_at IS NULL'),
    ('task', 'public.tasks', 'x.search', 'x.deleted_at IS NULL')) AS v (kind, source, content, live) WHERE v.kind = ANY (kinds)
  LOOP
    EXECUTE format('SELECT array_agg(h.id) FROM (SELECT x.id FROM (SELECT * FROM %1$s t WHERE t.tenant_id = $1 ORDER BY t.id DESC LIMIT 200) x
        WHERE %3$s AND %2$s LIKE ALL ($2) ORDER BY x.id DESC LIMIT $3) h', one.source, one.content, one.live) INTO ids USING tenant, texts, wanted;
    IF coalesce(cardinality(ids), 0) < wanted THEN
      EXECUTE format('SELECT array_agg(h.id) FROM (SELECT g.id FROM (SELECT x.id FROM (SELECT * FROM %1$s x WHERE search_tokens(x.tenant_id, %2$s) @> $4 OFFSET 0) x
          WHERE x.tenant_id = $1 AND %3$s AND %2$s LIKE ALL ($2) LIMIT 1000) g ORDER BY g.id DESC LIMIT $3) h', one.source, one.content, one.live)
        INTO ids USING tenant, texts, wanted, needles;
    END IF;
    RETURN QUERY SELECT one.kind, u.i FROM unnest(ids) AS u (i);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION text_hits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION text_hits TO vision_app;

-- Contacts whose name is nearly this word of at least five letters: one half of a word survives one typing error, so the halves find
-- the candidates, at most 1,500 each, and likeness orders them.
CREATE FUNCTION contacts_like(word text, wanted integer) RETURNS TABLE (id uuid, likeness real)
LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant uuid := current_setting('app.tenant_id')::uuid;
  middle integer := greatest(3, length(word) / 2);
  first_half bigint[] := search_needles(tenant, jsonb_build_array('%' || left(word, middle) || '%'));
  last_half bigint[] := search_needles(tenant, jsonb_build_array('%' || right(word, greatest(3, length(word) - middle)) || '%'));
BEGIN
  IF length(word) < 5 OR word ~ '[\\%_]' THEN RETURN; END IF;
  RETURN QUERY
    SELECT c.id, max(word_similarity(word, c.sort_name))::real AS likeness
    FROM (SELECT * FROM (SELECT k.* FROM (SELECT * FROM contacts x WHERE search_tokens(x.tenant_id, x.search) @> first_half OFFSET 0) k
            WHERE k.tenant_id = tenant AND k.archived_at IS NULL LIMIT 1500) a
          UNION ALL
          SELECT * FROM (SELECT k.* FROM (SELECT * FROM contacts x WHERE search_tokens(x.tenant_id, x.search) @> last_half OFFSET 0) k
            WHERE k.tenant_id = tenant AND k.archived_at IS NULL LIMIT 1500) b) c
    GROUP BY c.id HAVING max(word_similarity(word, c.sort_name)) >= 0.4 ORDER BY 2 DESC, 1 LIMIT wanted;
END $$;
REVOKE ALL ON FUNCTION contacts_like FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contacts_like TO vision_app;
