<prompt schema="trip">
  <plan>
    <coast><lisbon/></coast>
  </plan>
</prompt>
