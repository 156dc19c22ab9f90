<prompt schema="advice"><a/><e/><car/><bike/><day/><night/></prompt>
