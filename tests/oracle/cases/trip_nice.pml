<prompt schema="trip">
  <plan>
    <coast><nice/></coast>
  </plan>
</prompt>
