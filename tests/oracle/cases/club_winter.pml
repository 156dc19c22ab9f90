<prompt schema="club">
  <boats/>
  <winter/>
</prompt>
