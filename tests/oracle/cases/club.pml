<schema name="club">
  <module name="rules" role="system" required="true">You write for a rowing club. Be brief.</module>
  <user>
    <module name="boats">The club has four boats; the red one is being mended.</module>
    Write in a <parameter name="tone" values="cheerful|formal|dry" default="formal"/> way.
    <module name="tour" requires="boats" params="inline">
      The tour goes to {lake:8=Lake Como}, over {days:4} days. Each boat has a skipper.
    </module>
    <slot name="notes" length="24"/>
    <module name="winter" requires="boats and not tour">In winter the boats stay in the hall.</module>
    Write the first line of the invitation.
  </user>
</schema>
