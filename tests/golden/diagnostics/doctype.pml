<!DOCTYPE schema [ <!ENTITY a "b"> ]>
<schema name="s">&a;</schema>
