<schema name="members" context="isolated"><module name="far">Far.</module></schema>
