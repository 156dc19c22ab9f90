<schema name="far">
  <system>You keep the log of a lighthouse. Answer with one number or one name.</system>
  <user>
    <union name="log">
      <module name="whole" src="far_log.txt" cache="false"/>
      <module name="summary">In 1894 the keeper Anna Berg counted 4,210 ships and three whales.</module>
    </union>
    <module name="storm">The storm of 9 November broke two windows.</module>
    A visitor left this note: <parameter name="note" length="2400" default="no note"/>
    <module name="boat">The supply boat is called Lotte.</module>
    Who counted the ships?
  </user>
</schema>
