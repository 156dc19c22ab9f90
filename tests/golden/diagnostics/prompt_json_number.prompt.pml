{"select": ["f",, {"module": "a", "arguments": {"x": "1"}}, 1e999]}
