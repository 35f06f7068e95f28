import { describeExamples } from '../journey/docker/example-builds.ts'

describeExamples(['java', 'php'])
