{"schema": "s", "arguments": {"x": 1}, "selects": [],
 "select": [{"modul": "a"}, {"module": "a", "arguments": {"p": ["x"]}}, 7, {"role": "writer", "text": "é"},
            {"text": "a", "texts": "b"}, ""]}
