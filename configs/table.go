package configs

// topics are the rows of the table under their headings, in the order of the sample file.
func topics() []topic {
	return []topic{
		networkTopic(),
		tlsTopic(),
		processTopic(),
		workTopic(),
		securityTopic(),
		clientsTopic(),
		memoryTopic(),
		encodingTopic(),
		snapshotTopic(),
		aofTopic(),
		replicationTopic(),
		eventsTopic(),
		clusterTopic(),
		hiddenTopic(),
	}
}
