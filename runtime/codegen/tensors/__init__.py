"""New tensors, views, joins and parts."""
