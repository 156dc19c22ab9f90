<schema name="turn"><assistant>Hm.</assistant></schema>
