"""Systems in, findings out: one small file a rule, pure."""
