<schema name="deeper">
  <module nme="c">C &nix;</module>
</schema>
