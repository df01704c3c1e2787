"""Each leak is a case, followed from its owner and the notice to the proof that it is closed."""
