<?xml version="1.0" encoding="latin-1"?>
<schema name="s">
  <module name="code">for (i = 0; i<n; ++i) a < b</module>
  <module name="amp">salt & pepper &nbsp; &#x110000;</module>
  <module name=unquoted>one</module>
  <module name="twice" name="again">two</module>
  <module name="no-value" required>three</module>
  <module name="no-blank"required="true">four</module>
  <module name="end">five ]]> six</module>
  <module name="php"><?php echo 1; ?></module>
  <!-- a -- b -->
  <module name="extra">seven</module extra>
</schema>
text after
<schema name="second"/>
