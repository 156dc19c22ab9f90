<prompt schema="far" note="the light was out at five">
  <summary/>
  <boat/>
  <storm/>
</prompt>
