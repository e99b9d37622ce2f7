"""Other servers under the same load: installed, configured, started and ended by the benchmark."""
