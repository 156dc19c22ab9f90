<schema name="archive" layout="pack">
  <system>You keep the archive of a lighthouse. Answer with one number or one name.</system>
  <user>
    The papers that were asked for:
    <pool>
      <module name="log" src="far_log.txt"/>
      <module name="copy" src="far_log.txt"/>
      <module name="summary">In 1894 the keeper Anna Berg counted 4,210 ships and three whales.</module>
      <module name="storm">The storm of 9 November broke two windows of the tower.</module>
      <module name="boat">The supply boat is called Lotte and comes every second Monday.</module>
    </pool>
    That is all of them.
  </user>
</schema>
