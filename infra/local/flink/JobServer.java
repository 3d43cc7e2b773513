/**
 * Beam's job server, told that it has no jars of its own. Otherwise it sends all of them, 150 MB, to the cluster with every job;
 * the cluster has them already.
 */
public final class JobServer {
  public static void main(String[] arguments) throws Exception {
    System.setProperty("java.class.path", "");
    org.apache.beam.runners.flink.FlinkJobServerDriver.main(arguments);
  }
}
