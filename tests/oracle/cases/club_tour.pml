<prompt schema="club" tone="cheerful">
  <boats/>
  <tour days="three"/>
  <notes>Dinner is at the pier on Friday.</notes>
</prompt>
