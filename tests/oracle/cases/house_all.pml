<prompt schema="house">
  <shed/>
  <cellar/>
  <attic/>
  <kitchen/>
  Behind the shed
</prompt>
